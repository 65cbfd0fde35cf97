// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlashOrder} from "../../contracts/interfaces/IStaking.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title Every split of a small slash, by the real contract
contract SlashSplitTest is ProtocolFixture {
    struct Case {
        uint256 own;
        uint256 delegated;
        uint256 loss;
        uint256 harm;
        uint256 bps;
    }

    uint256 private constant MOST = 3;

    /// @dev What one wei of the small stakes stands for: with the second, shares are not all rounded to zero.
    uint256[2] private units = [1, 3_333];
    uint256[3] private shares = [0, 1_001, 5_000];

    uint256 private count;

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
        opg.approve(address(staking), type(uint256).max);
        manager.grantRole(MARKET_ROLE, address(this), 0);
    }

    function test_28_payer_Reporter_AndTreasury_GetTheWholeSlash() public {
        for (uint256 s = 0; s < shares.length; ++s) {
            staking.setReporterShare(uint16(shares[s]));
            for (uint256 u = 0; u < units.length; ++u) slashAll(units[u], shares[s]);
        }
        assertEq(count, 240 * 6, "slashes");
    }

    function slashAll(uint256 unit, uint256 bps) private {
        for (uint256 own = 0; own <= MOST; ++own) {
            for (uint256 delegated = 0; delegated <= MOST; ++delegated) {
                for (uint256 loss = 1; loss <= own + delegated; ++loss) {
                    for (uint256 harm = 0; harm <= MOST + 1; ++harm) {
                        slash(Case(own * unit, delegated * unit, loss * unit, harm * unit, bps));
                    }
                }
            }
        }
    }

    /// @dev Of an operator, a payer and a reporter that nothing happened to before.
    function slash(Case memory given) private {
        ++count;
        address operator = address(uint160(0x10000 + count));
        address payer = address(uint160(0x20000 + count));
        address reporter = address(uint160(0x30000 + count));
        if (given.own != 0) staking.stake(operator, given.own);
        if (given.delegated != 0) staking.delegate(operator, given.delegated);
        staking.lock(operator, given.loss, uint40(block.timestamp + 1 days));
        uint256 before = staking.treasuryProceeds();
        staking.slash(SlashOrder(operator, uint128(given.loss), payer, uint96(given.harm), reporter));

        uint256 compensation = staking.proceedsOf(payer);
        uint256 reward = staking.proceedsOf(reporter);
        uint256 ownLoss = given.own < given.loss ? given.own : given.loss;
        assertEq(compensation + reward + staking.treasuryProceeds() - before, given.loss, "parts");
        assertEq(compensation, ownLoss < given.harm ? ownLoss : given.harm, "compensation");
        // Rounded down: what is left over is the treasury's.
        assertEq(reward, ((ownLoss - compensation) * given.bps) / 10_000, "reward");
        assertEq(staking.poolOf(operator).stake, given.own - ownLoss, "own stake goes first");
        assertEq(staking.delegationPoolOf(operator).assets, given.delegated - (given.loss - ownLoss), "delegated");
    }
}
