// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What a pool earns, and the commission on it
contract RewardsTest is StakingFixture {
    function testFuzz_rewards_Split_ByCommission(uint256 delegated, uint256 amount, uint256 commission) public {
        delegated = bound(delegated, 1e18, FUNDS);
        amount = bound(amount, 1, FUNDS / 2);
        commission = setCommission(commission);
        uint256 shares = delegate(ALICE, delegated);
        addRewards(amount);
        uint256 rest = (amount * (10_000 - commission)) / 10_000;
        assertEq(staking.poolOf(OPERATOR).stake, amount - rest, "commission");
        assertEq(staking.delegationPoolOf(OPERATOR).assets, delegated + rest, "delegators'");
        uint256 value = staking.worthOf(OPERATOR, shares);
        assertLe(value, delegated + rest, "no more than there is");
        // A millionth is far more than the virtual shares' part.
        assertLe(delegated + rest, value + rest / 1e6 + DUST, "all of it");
    }

    function testFuzz_rewards_AreTheOperators_WithoutDelegators(uint256 amount, uint256 commission) public {
        setCommission(commission);
        amount = bound(amount, 1, FUNDS);
        addRewards(amount);
        assertEq(staking.poolOf(OPERATOR).stake, amount, "own");
        assertEq(staking.delegationPoolOf(OPERATOR).assets, 0, "delegated");
    }

    function testFuzz_commission_Changes_AWholeEpochLater(uint256 start, uint256 a, uint256 b, uint256 wait) public {
        vm.warp(block.timestamp + bound(start, 0, 14 days));
        a = setCommission(a);
        b = bound(b, 0, 5_000);
        vm.prank(OPERATOR);
        staking.announceCommission(uint16(b));
        uint256 announced = block.timestamp;
        vm.warp(announced + bound(wait, 0, 7 days - 1));
        assertEq(staking.commissionOf(OPERATOR), a, "before");
        vm.warp(announced + 14 days - 1);
        assertEq(staking.commissionOf(OPERATOR), b, "after");
    }

    function testFuzz_commission_Reverts_BeyondItsCap(uint16 commission) public {
        vm.assume(commission > 5_000);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingShareTooHigh.selector, commission, 5_000));
        vm.prank(OPERATOR);
        staking.announceCommission(commission);
    }
}
