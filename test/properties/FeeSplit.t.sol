// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeeSettlement, IFeeEscrow} from "../../contracts/interfaces/IFeeEscrow.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title Every split of a small fee, by the real escrow
contract FeeSplitTest is ProtocolFixture {
    uint256 private constant MOST = 6;
    uint256 private constant MAX_TREASURY_BPS = 2_000;
    address private constant PAYER = address(0xaa);

    /// @dev What one wei of the small fees stands for: with the second, shares are not all rounded to zero.
    uint256[3] private units = [1, 3_333, 1e18];
    uint256[5] private shares = [0, 1, 499, 1_999, MAX_TREASURY_BPS];

    uint256 private count;

    function setUp() public {
        deployProtocol();
        fund(PAYER, 1_000_000e18);
        vm.startPrank(PAYER);
        escrow.deposit(PAYER, 1_000_000e18);
        escrow.authorizeLocker(address(this));
        vm.stopPrank();
    }

    function test_26_node_Publisher_Treasury_AndPayer_GetTheWholeFee() public {
        for (uint256 s = 0; s < shares.length; ++s) {
            escrow.setTreasury(TREASURY, uint16(shares[s]));
            for (uint256 u = 0; u < units.length; ++u) splitAll(units[u], shares[s]);
        }
        assertEq(count, 83 * 15, "splits");
    }

    function test_27_treasury_TakesNoMoreThanItsCap() public {
        for (uint256 bps = MAX_TREASURY_BPS + 1; bps <= type(uint16).max; ++bps) {
            try escrow.setTreasury(TREASURY, uint16(bps)) {
                assertTrue(false, "refused");
            } catch (bytes memory reason) {
                assertEq(bytes32(bytes4(reason)), bytes32(IFeeEscrow.FeeEscrowShareTooHigh.selector), "reason");
            }
        }
    }

    function splitAll(uint256 unit, uint256 bps) private {
        for (uint256 locked = 1; locked <= MOST; ++locked) {
            for (uint256 fee = 0; fee <= locked; ++fee) {
                for (uint256 royalty = 0; royalty <= fee; ++royalty) {
                    split(locked * unit, fee * unit, royalty * unit, bps);
                }
            }
        }
    }

    function split(uint256 locked, uint256 fee, uint256 royalty, uint256 bps) private {
        RequestId requestId = RequestId.wrap(bytes32(++count));
        address node = address(uint160(0x10000 + count));
        uint256 payerBefore = escrow.balanceOf(PAYER);
        uint256 publisherBefore = escrow.balanceOf(PUBLISHER);
        uint256 treasuryBefore = escrow.balanceOf(TREASURY);

        escrow.lock(requestId, PAYER, uint96(locked));
        escrow.release(
            FeeSettlement({
                requestId: requestId,
                node: node,
                modelId: modelId,
                fee: uint96(fee),
                royalty: uint96(royalty)
            })
        );
        if (fee != royalty) escrow.collectEarnings(node);
        if (royalty != 0) escrow.collectRoyalties(modelId);

        uint256 taken = escrow.balanceOf(TREASURY) - treasuryBefore;
        assertEq(payerBefore - escrow.balanceOf(PAYER), fee, "the payer pays the fee and no more");
        assertEq(escrow.balanceOf(PUBLISHER) - publisherBefore, royalty, "publisher");
        assertEq(escrow.balanceOf(node) + royalty + taken, fee, "parts");
        // Rounded down: what is left over is the node's.
        assertEq(taken, ((fee - royalty) * bps) / 10_000, "treasury");
        assertLe(taken * 5, fee - royalty, "cap");
        assertEq(escrow.earningsOf(node), 0, "nothing waits");
    }
}
