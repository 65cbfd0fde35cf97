// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What stake votes with
contract StakeVotesTest is StakingFixture {
    function testFuzz_votes_FollowOwnStake_ToTheWei(
        uint256 amount,
        uint256 leaving,
        uint256 loss,
        uint256 gain
    ) public {
        (amount, leaving) = staked(amount, leaving);
        vm.prank(OPERATOR);
        staking.delegate(BOB);
        assertEq(staking.getVotes(BOB), amount, "staked");
        addRewards(gain = bound(gain, 1, FUNDS / 2));
        assertEq(staking.getVotes(BOB), amount + gain, "earned");
        beginUnstake(OPERATOR, leaving);
        assertEq(staking.getVotes(BOB), amount + gain - leaving, "unbonding");
        slash(bound(loss, 1, amount + gain - leaving));
        assertEq(staking.getVotes(BOB), staking.poolOf(OPERATOR).stake, "slashed");
    }

    function testFuzz_votes_OfDelegators_FollowWhenSynchronised(uint256 amount, uint256 loss, uint256 leaving) public {
        amount = bound(amount, 1e6, FUNDS);
        vm.prank(ALICE);
        staking.delegate(ALICE);
        uint256 shares = delegate(ALICE, amount);
        uint256 votes = staking.getVotes(ALICE);
        assertLe(amount, votes + DUST, "delegated");
        slash(bound(loss, 1, amount / 2));
        assertEq(staking.getVotes(ALICE), votes, "until somebody looks");
        staking.syncVotes(OPERATOR, ALICE);
        assertEq(staking.getVotes(ALICE), staking.worthOf(OPERATOR, shares), "synchronised");
        leaving = bound(leaving, 1, shares);
        beginUnstake(ALICE, leaving);
        assertEq(staking.getVotes(ALICE), staking.worthOf(OPERATOR, shares - leaving), "unbonding");
    }
}
