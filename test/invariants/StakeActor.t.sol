// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DelegationPool, Unbonding} from "../../contracts/interfaces/IStaking.sol";
import {RequestActor} from "./RequestActor.t.sol";

/// @title StakeActor
/// @notice The part of the handler that stakes: workers their own, payers as delegators of theirs.
abstract contract StakeActor is RequestActor {
    // NODES

    function stake(uint256 who, uint256 amount) external {
        address worker = pick(workers, who);
        vm.prank(worker);
        staking.stake(worker, bound(amount, 1, FUNDS / 10));
    }

    function beginUnstake(uint256 who, uint256 amount) external {
        address worker = pick(workers, who);
        // Mostly a part; now and then all that is free, so that delegators are what is left.
        uint256 free = staking.poolOf(worker).stake - staking.poolOf(worker).locked;
        vm.prank(worker);
        staking.beginUnstake(worker, amount % 4 == 0 ? free : bound(amount, 1, FUNDS / 8));
    }

    function finishUnstake(uint256 who) external {
        address worker = pick(workers, who);
        staking.withdraw(worker, worker);
    }

    function announceCommission(uint256 who, uint256 commission) external {
        vm.prank(pick(workers, who));
        staking.announceCommission(uint16(commission % 5_001));
    }

    function reclaim(uint256 who) external {
        staking.reclaim(pick(workers, who), address(market));
    }

    // DELEGATORS

    function delegate(uint256 who, uint256 operator, uint256 amount) external {
        vm.prank(pick(payers, who));
        staking.delegate(pick(workers, operator), bound(amount, 1, FUNDS / 50));
    }

    function beginUndelegate(uint256 who, uint256 operator, uint256 part) external {
        (address delegator, address worker) = (pick(payers, who), pick(workers, operator));
        uint256 shares = staking.delegationOf(worker, delegator).shares;
        vm.prank(delegator);
        staking.beginUnstake(worker, part % 2 == 0 ? shares : bound(part, 1, shares + 1));
    }

    function finishUndelegate(uint256 who, uint256 operator) external {
        staking.withdraw(pick(workers, operator), pick(payers, who));
    }

    function addRewards(uint256 who, uint256 operator, uint256 amount) external {
        vm.prank(pick(payers, who));
        staking.addRewards(pick(workers, operator), bound(amount, 1, FUNDS / 100));
    }

    function chooseDelegate(uint256 who, uint256 whom) external {
        vm.prank(who % 2 == 0 ? pick(payers, who / 2) : pick(workers, who / 2));
        staking.delegate(pick(payers, whom));
    }

    function syncVotes(uint256 who, uint256 operator) external {
        staking.syncVotes(pick(workers, operator), pick(payers, who));
    }

    // PROCEEDS

    function handOn(uint256 who) external {
        staking.handOn(who % 2 == 0 ? pick(payers, who / 2) : pick(keepers, who / 2));
    }

    function handOnTreasury() external {
        staking.handOnTreasury();
    }

    // WHAT THE INVARIANTS READ

    function stakingDebts() external view returns (uint256 total) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            total += staking.slashableOf(workers[i]);
            total += staking.proceedsOf(payers[i]) + staking.proceedsOf(workers[i]);
            total += staking.proceedsOf(keepers[i]);
        }
        total += staking.treasuryProceeds();
    }

    /// @dev Votes that anybody has, and the units of those who chose a delegate.
    function votesAndUnits() external view returns (uint256 votes, uint256 units) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            votes += staking.getVotes(payers[i]) + staking.getVotes(workers[i]);
            if (staking.delegates(workers[i]) != address(0)) units += staking.poolOf(workers[i]).stake;
            if (staking.delegates(payers[i]) == address(0)) continue;
            for (uint256 j = 0; j < ACTORS; ++j) units += staking.delegationOf(workers[j], payers[i]).units;
        }
    }

    /// @dev What all shares of a worker's delegators are worth, and what there is for them.
    function delegatedOf(address worker) external view returns (uint256 worth, uint256 assets) {
        DelegationPool memory pool = staking.delegationPoolOf(worker);
        for (uint256 i = 0; i < ACTORS; ++i) {
            worth += staking.worthOf(worker, staking.delegationOf(worker, payers[i]).shares);
            Unbonding[] memory tranches = staking.unbondingOf(worker, payers[i]);
            for (uint256 j = 0; j < tranches.length; ++j) worth += tranches[j].amount;
        }
        assets = pool.assets;
    }
}
