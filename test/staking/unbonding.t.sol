// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStaking, Unbonding} from "../../contracts/interfaces/IStaking.sol";
import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What is on its way out, and what a slash does to it
contract UnbondingTest is StakingFixture {
    /// @dev The operator sees the slash coming and begins to unstake what is free.
    function testFuzz_slash_FollowsOwnStake_IntoUnbonding(uint256 own, uint256 leaving, uint256 loss) public {
        own = bound(own, 2, FUNDS);
        staked(own - 1, 1);
        own = staking.poolOf(OPERATOR).stake;
        uint256 locked = bound(loss, 1, own);
        lock(LOCKER, locked);
        leaving = bound(leaving, 0, own - locked);
        if (leaving != 0) beginUnstake(OPERATOR, leaving);
        delegate(ALICE, FUNDS);
        take(locked, 0);
        assertEq(staking.slashableOf(OPERATOR), own + FUNDS - locked, "slashable");
        assertEq(staking.delegationPoolOf(OPERATOR).assets, FUNDS, "delegators lose nothing");
        assertEq(staking.poolOf(OPERATOR).stake + unbonding(OPERATOR), own - locked, "own");
        // The same proportion of both, to a wei.
        assertLe(unbonding(OPERATOR) * own, leaving * (own - locked) + own, "unbonding, at most");
        assertLe(leaving * (own - locked), unbonding(OPERATOR) * own + own, "unbonding, at least");
    }

    function testFuzz_slash_HitsAllTranches_Alike(uint256 own, uint256 count, uint256 loss) public {
        count = bound(count, 1, 8);
        own = (bound(own, 1e18, FUNDS) / 1e3) * 1e3;
        vm.prank(OPERATOR);
        staking.stake(OPERATOR, own);
        uint256 rest = own - (own / 10) * count;
        loss = bound(loss, 1, rest);
        for (uint256 i = 0; i < count; ++i) beginUnstake(OPERATOR, own / 10);
        slash(loss);
        Unbonding[] memory tranches = staking.unbondingOf(OPERATOR, OPERATOR);
        assertEq(tranches.length, count, "tranches");
        for (uint256 i = 0; i < count; ++i) {
            assertEq(tranches[i].amount, tranches[0].amount, "alike");
            assertLe(tranches[i].amount, ((own / 10) * (own - loss)) / own + 1, "slashed");
        }
        uint256 due = unbonding(OPERATOR);
        vm.warp(block.timestamp + PERIOD);
        uint256 returned = staking.withdraw(OPERATOR, OPERATOR);
        assertLe(due, returned, "all of it");
        assertEq(staking.poolOf(OPERATOR).stake + returned, own - loss, "nothing else is lost");
    }

    function testFuzz_unbonding_SlashedToNothing_DoesNotBlockTheNext(uint256 own, uint256 next) public {
        own = bound(own, 2, FUNDS / 2);
        vm.prank(OPERATOR);
        staking.stake(OPERATOR, own);
        lock(LOCKER, own / 2);
        beginUnstake(OPERATOR, own - own / 2);
        take(own / 2, 0);
        // What is left is unbonding and stake; all of it that is stake becomes collateral again, several times.
        for (uint256 i = 0; i < 100; ++i) {
            uint256 stake = staking.poolOf(OPERATOR).stake;
            if (stake != 0) slash(stake);
        }
        next = bound(next, 1, FUNDS / 2);
        vm.prank(OPERATOR);
        staking.stake(OPERATOR, next);
        uint256 all = staking.poolOf(OPERATOR).stake;
        beginUnstake(OPERATOR, all);
        vm.warp(block.timestamp + PERIOD);
        assertLe(all, staking.withdraw(OPERATOR, OPERATOR) + DUST, "returned");
        assertEq(opg.balanceOf(address(staking)), owed(), "held");
    }

    function testFuzz_tranches_AreBounded_AndMakeRoom(uint256 amount, uint256 gap) public {
        uint256 shares = delegate(ALICE, bound(amount, 100, FUNDS));
        gap = bound(gap, 0, 12 hours);
        uint256 first = block.timestamp;
        for (uint256 i = 0; i < 8; ++i) {
            vm.warp(first + i * gap);
            beginUnstake(ALICE, shares / 10);
        }
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingTooManyTranches.selector, OPERATOR, ALICE, 8));
        beginUnstake(ALICE, 1);
        vm.warp(first + PERIOD);
        staking.withdraw(OPERATOR, ALICE);
        assertEq(staking.unbondingOf(OPERATOR, ALICE).length, gap == 0 ? 0 : 7, "open");
        beginUnstake(ALICE, 1);
        vm.warp(first + PERIOD + 8 * gap + PERIOD);
        staking.withdraw(OPERATOR, ALICE);
        assertEq(staking.unbondingOf(OPERATOR, ALICE).length, 0, "none");
        assertEq(staking.delegationPoolOf(OPERATOR).unbondingShares, 0, "unbonding shares");
    }
}
