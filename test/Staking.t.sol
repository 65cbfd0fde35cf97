// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStaking, SlashOrder, StakePool} from "../contracts/interfaces/IStaking.sol";
import {ProtocolFixture} from "./fixtures/ProtocolFixture.sol";

contract StakingTest is ProtocolFixture {
    address private constant OPERATOR = address(0xaa);
    address private constant LOCKER = address(0xbb);
    address private constant OTHER_LOCKER = address(0xcc);
    address private constant PAYER = address(0xdd);
    address private constant REPORTER = address(0xee);

    uint256 private constant FUNDS = 1_000_000e18;

    function setUp() public {
        deployProtocol();
        fund(OPERATOR, FUNDS);
        manager.grantRole(MARKET_ROLE, LOCKER, 0);
        manager.grantRole(MARKET_ROLE, OTHER_LOCKER, 0);
    }

    function testFuzz_unstake_Returns_ExactlyWhatWasStaked(uint256 amount, uint256 part, uint256 wait) public {
        (amount, part) = staked(amount, part);
        vm.startPrank(OPERATOR);
        staking.beginUnstake(part);
        uint256 releaseTime = block.timestamp + 7 days;
        vm.warp(bound(wait, releaseTime, releaseTime + 1_000 days));
        staking.withdraw(OPERATOR);
        vm.stopPrank();
        assertEq(opg.balanceOf(OPERATOR), FUNDS - amount + part, "returned");
        assertEq(opg.balanceOf(address(staking)), amount - part, "held");
    }

    function testFuzz_withdraw_Reverts_BeforeThePeriodIsOver(uint256 amount, uint256 wait) public {
        (amount, ) = staked(amount, 1);
        vm.startPrank(OPERATOR);
        staking.beginUnstake(amount);
        uint256 releaseTime = block.timestamp + 7 days;
        uint256 now_ = bound(wait, block.timestamp, releaseTime - 1);
        vm.warp(now_);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingStillUnbonding.selector, now_, releaseTime));
        staking.withdraw(OPERATOR);
    }

    function testFuzz_collateral_CannotUnbond(uint256 amount, uint256 locked, uint256 wanted) public {
        (amount, locked) = staked(amount, locked);
        vm.prank(LOCKER);
        staking.lock(OPERATOR, locked);
        uint256 free = amount - locked;
        wanted = bound(wanted, free + 1, type(uint128).max);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingInsufficientStake.selector, OPERATOR, free, wanted));
        vm.prank(OPERATOR);
        staking.beginUnstake(wanted);
    }

    function testFuzz_locks_OfTwoMarkets_AddUpAndStaySeparate(
        uint256 amount,
        uint256 a,
        uint256 b,
        uint256 back
    ) public {
        (amount, a) = staked(amount, a);
        b = bound(b, 0, amount - a);
        vm.prank(LOCKER);
        staking.lock(OPERATOR, a);
        vm.prank(OTHER_LOCKER);
        staking.lock(OPERATOR, b);
        assertEq(staking.poolOf(OPERATOR).locked, a + b, "locked");

        back = bound(back, 0, a);
        vm.prank(LOCKER);
        staking.unlock(OPERATOR, back);
        assertEq(staking.collateralOf(OPERATOR, LOCKER), a - back, "first market's");
        assertEq(staking.collateralOf(OPERATOR, OTHER_LOCKER), b, "second market's");

        vm.expectRevert(
            abi.encodeWithSelector(
                IStaking.StakingInsufficientCollateral.selector,
                OPERATOR,
                LOCKER,
                a - back,
                a - back + 1
            )
        );
        vm.prank(LOCKER);
        staking.unlock(OPERATOR, a - back + 1);
    }

    function testFuzz_slash_Splits_WithoutLoss(uint256 amount, uint256 locked, uint96 harm, uint256 shareBps) public {
        (amount, locked) = staked(amount, locked);
        staking.setReporterShare(uint16(bound(shareBps, 0, 5_000)));
        vm.startPrank(LOCKER);
        staking.lock(OPERATOR, locked);
        staking.slash(SlashOrder(OPERATOR, uint128(locked), PAYER, harm, REPORTER));
        vm.stopPrank();

        StakePool memory pool = staking.poolOf(OPERATOR);
        assertEq(pool.stake, amount - locked, "stake left");
        assertEq(pool.locked, 0, "locked left");
        uint256 compensation = staking.proceedsOf(PAYER);
        uint256 reward = staking.proceedsOf(REPORTER);
        assertEq(compensation, harm < locked ? harm : locked, "compensation");
        assertLe(reward * 10_000, (locked - compensation) * 5_000, "reward");
        assertEq(compensation + reward + staking.treasuryProceeds(), locked, "parts");
        assertEq(opg.balanceOf(address(staking)), amount, "held");
    }

    function testFuzz_slash_Reverts_BeyondTheCollateral(uint256 amount, uint256 locked, uint256 slashed) public {
        (amount, locked) = staked(amount, locked);
        slashed = bound(slashed, locked + 1, type(uint128).max);
        vm.startPrank(LOCKER);
        staking.lock(OPERATOR, locked);
        vm.expectRevert(
            abi.encodeWithSelector(IStaking.StakingInsufficientCollateral.selector, OPERATOR, LOCKER, locked, slashed)
        );
        staking.slash(SlashOrder(OPERATOR, uint128(slashed), PAYER, 0, REPORTER));
    }

    function testFuzz_handOn_Moves_EverythingOwed(uint256 amount, uint256 locked, uint96 harm) public {
        (amount, locked) = staked(amount, locked);
        vm.startPrank(LOCKER);
        staking.lock(OPERATOR, locked);
        staking.slash(SlashOrder(OPERATOR, uint128(locked), PAYER, harm, REPORTER));
        vm.stopPrank();
        if (staking.proceedsOf(PAYER) != 0) staking.handOn(PAYER);
        if (staking.proceedsOf(REPORTER) != 0) staking.handOn(REPORTER);
        if (staking.treasuryProceeds() != 0) staking.handOnTreasury();
        assertEq(opg.balanceOf(address(staking)), amount - locked, "held by staking");
        assertEq(opg.balanceOf(address(escrow)), locked, "held by escrow");
        uint256 credited = escrow.balanceOf(PAYER) + escrow.balanceOf(REPORTER) + escrow.balanceOf(TREASURY);
        assertEq(credited, locked, "credited");
    }

    /// @dev Stakes `amount` and returns it with `part`, a positive part of it.
    function staked(uint256 amount, uint256 part) private returns (uint256, uint256) {
        amount = bound(amount, 1, FUNDS);
        vm.prank(OPERATOR);
        staking.stake(OPERATOR, amount);
        return (amount, bound(part, 1, amount));
    }
}
