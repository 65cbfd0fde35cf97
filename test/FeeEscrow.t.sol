// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FeeSettlement, IFeeEscrow} from "../contracts/interfaces/IFeeEscrow.sol";
import {ModelId} from "../contracts/types/ModelId.sol";
import {RequestId} from "../contracts/types/RequestId.sol";
import {ProtocolFixture} from "./fixtures/ProtocolFixture.sol";

contract FeeEscrowTest is ProtocolFixture {
    address private constant PAYER = address(0xaa);
    address private constant LOCKER = address(0xbb);
    address private constant NODE = address(0xcc);
    RequestId private constant REQUEST = RequestId.wrap(keccak256("request"));

    uint256 private constant FUNDS = 1_000_000e18;

    function setUp() public {
        deployProtocol();
        fund(PAYER, FUNDS);
        vm.prank(PAYER);
        escrow.authorizeLocker(LOCKER);
    }

    function testFuzz_deposit_withdraw_Conserves(uint256 amount, uint256 part) public {
        amount = bound(amount, 1, FUNDS);
        part = bound(part, 1, amount);
        vm.startPrank(PAYER);
        escrow.deposit(PAYER, amount);
        escrow.withdraw(part, PAYER);
        vm.stopPrank();
        assertEq(escrow.balanceOf(PAYER), amount - part, "balance");
        assertEq(opg.balanceOf(address(escrow)), amount - part, "held");
        assertEq(opg.balanceOf(PAYER), FUNDS - amount + part, "returned");
    }

    function testFuzz_release_Splits_WithoutLoss(
        uint256 locked,
        uint256 fee,
        uint256 royalty,
        uint256 shareBps
    ) public {
        locked = bound(locked, 1, FUNDS);
        fee = bound(fee, 0, locked);
        royalty = bound(royalty, 0, fee);
        escrow.setTreasury(TREASURY, uint16(bound(shareBps, 0, 2_000)));
        lockAll(locked);

        vm.prank(LOCKER);
        escrow.release(FeeSettlement(REQUEST, NODE, modelId, uint96(fee), uint96(royalty)));
        assertEq(escrow.earningsOf(NODE), fee - royalty, "earned");
        assertEq(escrow.royaltiesOf(modelId), royalty, "royalty");
        assertEq(escrow.balanceOf(PAYER), locked - fee, "refunded");

        if (fee != royalty) escrow.collectEarnings(NODE);
        if (royalty != 0) escrow.collectRoyalties(modelId);
        uint256 paid = escrow.balanceOf(NODE) + escrow.balanceOf(TREASURY) + escrow.balanceOf(PUBLISHER);
        assertEq(paid + escrow.balanceOf(PAYER), locked, "paid and refunded");
        assertLe(escrow.balanceOf(TREASURY) * 10_000, (fee - royalty) * 2_000, "treasury's share");
    }

    function testFuzz_refund_Returns_Everything(uint256 locked) public {
        locked = bound(locked, 1, FUNDS);
        lockAll(locked);
        vm.prank(LOCKER);
        escrow.refund(REQUEST);
        assertEq(escrow.balanceOf(PAYER), locked, "refunded");
    }

    function testFuzz_lock_Reverts_ForAnyoneElse(address locker, uint96 amount) public {
        vm.assume(locker != LOCKER && amount != 0);
        vm.prank(PAYER);
        escrow.deposit(PAYER, FUNDS);
        vm.expectRevert(
            abi.encodeWithSelector(IFeeEscrow.FeeEscrowLockerNotAuthorized.selector, PAYER, locker, LOCKER)
        );
        vm.prank(locker);
        escrow.lock(REQUEST, PAYER, amount);
    }

    function testFuzz_release_Reverts_ForAnyoneElse(address caller, uint256 locked) public {
        vm.assume(caller != LOCKER);
        lockAll(bound(locked, 1, FUNDS));
        vm.expectRevert(abi.encodeWithSelector(IFeeEscrow.FeeEscrowNotLocked.selector, caller, REQUEST));
        vm.prank(caller);
        escrow.release(FeeSettlement(REQUEST, caller, modelId, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IFeeEscrow.FeeEscrowNotLocked.selector, caller, REQUEST));
        vm.prank(caller);
        escrow.refund(REQUEST);
    }

    function testFuzz_release_Reverts_BeyondTheLock(uint256 locked, uint256 fee) public {
        locked = bound(locked, 1, FUNDS);
        fee = bound(fee, locked + 1, type(uint96).max);
        lockAll(locked);
        vm.expectRevert(abi.encodeWithSelector(IFeeEscrow.FeeEscrowFeeExceedsLock.selector, fee, locked));
        vm.prank(LOCKER);
        escrow.release(FeeSettlement(REQUEST, NODE, modelId, uint96(fee), 0));
    }

    function testFuzz_withdraw_Reverts_BeyondTheBalance(uint256 balance, uint256 amount) public {
        balance = bound(balance, 1, FUNDS);
        amount = bound(amount, balance + 1, type(uint256).max);
        vm.startPrank(PAYER);
        escrow.deposit(PAYER, balance);
        vm.expectRevert(
            abi.encodeWithSelector(IFeeEscrow.FeeEscrowInsufficientBalance.selector, PAYER, balance, amount)
        );
        escrow.withdraw(amount, PAYER);
    }

    function testFuzz_locks_AreSeparate_PerLockerAndRequest(bytes32 first, bytes32 second, uint96 a, uint96 b) public {
        vm.assume(first != second);
        (a, b) = (uint96(bound(a, 1, FUNDS / 2)), uint96(bound(b, 1, FUNDS / 2)));
        vm.prank(PAYER);
        escrow.deposit(PAYER, FUNDS);
        vm.startPrank(LOCKER);
        escrow.lock(RequestId.wrap(first), PAYER, a);
        escrow.lock(RequestId.wrap(second), PAYER, b);
        escrow.refund(RequestId.wrap(first));
        vm.stopPrank();
        assertEq(escrow.lockOf(LOCKER, RequestId.wrap(second)).amount, b, "other lock");
        assertEq(escrow.balanceOf(PAYER), FUNDS - b, "balance");
    }

    function testFuzz_collectRoyalties_Pays_OnlyThePublisher(ModelId unknown) public {
        vm.assume(unknown != modelId);
        vm.expectRevert(IFeeEscrow.FeeEscrowZeroAmount.selector);
        escrow.collectRoyalties(unknown);
    }

    function lockAll(uint256 amount) private {
        vm.prank(PAYER);
        escrow.deposit(PAYER, amount);
        vm.prank(LOCKER);
        escrow.lock(REQUEST, PAYER, uint96(amount));
    }
}
