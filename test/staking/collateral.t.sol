// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What markets lock
contract CollateralTest is StakingFixture {
    function testFuzz_locks_OfTwoMarkets_AddUpAndStaySeparate(
        uint256 amount,
        uint256 a,
        uint256 b,
        uint256 back
    ) public {
        (amount, a) = staked(amount, a);
        b = bound(b, 0, amount - a);
        lock(LOCKER, a);
        lock(OTHER_LOCKER, b);
        assertEq(staking.poolOf(OPERATOR).locked, a + b, "locked");

        back = bound(back, 0, a);
        vm.prank(LOCKER);
        staking.unlock(OPERATOR, back);
        assertEq(staking.collateralOf(OPERATOR, LOCKER), a - back, "first market's");
        assertEq(staking.collateralOf(OPERATOR, OTHER_LOCKER), b, "second market's");

        uint256 left = a - back;
        vm.expectRevert(
            abi.encodeWithSelector(IStaking.StakingInsufficientCollateral.selector, OPERATOR, LOCKER, left, left + 1)
        );
        vm.prank(LOCKER);
        staking.unlock(OPERATOR, left + 1);
    }

    function testFuzz_lock_NeedsStake_ThatIsNotUnbonding(uint256 own, uint256 delegated, uint256 leaving) public {
        (own, ) = staked(own, 1);
        uint256 shares = delegate(ALICE, bound(delegated, 1, FUNDS));
        leaving = bound(leaving, 1, shares);
        beginUnstake(ALICE, leaving);
        uint256 backing = own + staking.worthOf(OPERATOR, shares - leaving);
        vm.expectRevert(
            abi.encodeWithSelector(IStaking.StakingInsufficientStake.selector, OPERATOR, backing, backing + 1)
        );
        lock(LOCKER, backing + 1);
        lock(LOCKER, backing);
    }

    function testFuzz_reclaim_Frees_AfterTheExpiryAndNotBefore(uint256 amount, uint256 lifetime, uint256 wait) public {
        (amount, ) = staked(amount, 1);
        uint256 expiry = block.timestamp + bound(lifetime, 1, 60 days);
        vm.prank(LOCKER);
        staking.lock(OPERATOR, amount, uint40(expiry));
        uint256 early = bound(wait, block.timestamp, expiry);
        vm.warp(early);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingNotExpired.selector, early, expiry));
        staking.reclaim(OPERATOR, LOCKER);
        vm.warp(expiry + 1);
        assertEq(staking.reclaim(OPERATOR, LOCKER), amount, "reclaimed");
        assertEq(staking.poolOf(OPERATOR).locked, 0, "locked");
        assertEq(staking.collateralOf(OPERATOR, LOCKER), 0, "collateral");
        beginUnstake(OPERATOR, amount);
    }

    /// @dev Delegators can leave at once, are paid when their stake is not needed, and nobody can need it for ever.
    function testFuzz_delegators_CannotBeHeld_ByCollateral(uint256 own, uint256 amount) public {
        (own, ) = staked(own, 1);
        amount = bound(amount, 1e6, FUNDS);
        uint256 shares = delegate(ALICE, amount);
        uint40 expiry = uint40(block.timestamp + 30 days);
        uint256 locked = own + staking.worthOf(OPERATOR, shares);
        vm.prank(LOCKER);
        staking.lock(OPERATOR, locked, expiry);
        beginUnstake(ALICE, shares);

        // No more time for a market that holds what is leaving.
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingInsufficientStake.selector, OPERATOR, 0, 0));
        vm.prank(LOCKER);
        staking.lock(OPERATOR, 0, expiry + 1);
        vm.warp(expiry);
        vm.expectRevert();
        staking.withdraw(OPERATOR, ALICE);
        vm.warp(expiry + 1);
        staking.reclaim(OPERATOR, LOCKER);
        assertLe(amount, staking.withdraw(OPERATOR, ALICE) + DUST, "returned");
    }
}
