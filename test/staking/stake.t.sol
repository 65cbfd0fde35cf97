// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What an operator stakes itself
contract OwnStakeTest is StakingFixture {
    function testFuzz_unstake_Returns_ExactlyWhatWasStaked(uint256 amount, uint256 part, uint256 wait) public {
        (amount, part) = staked(amount, part);
        beginUnstake(OPERATOR, part);
        vm.warp(block.timestamp + bound(wait, PERIOD, 1_000 days));
        staking.withdraw(OPERATOR, OPERATOR);
        assertEq(opg.balanceOf(OPERATOR), FUNDS - amount + part, "returned");
        assertEq(opg.balanceOf(address(staking)), amount - part, "held");
    }

    function testFuzz_withdraw_Reverts_BeforeThePeriodIsOver(uint256 amount, uint256 wait) public {
        (amount, ) = staked(amount, 1);
        beginUnstake(OPERATOR, amount);
        uint256 releaseTime = block.timestamp + PERIOD;
        uint256 now_ = bound(wait, block.timestamp, releaseTime - 1);
        vm.warp(now_);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingStillUnbonding.selector, now_, releaseTime));
        staking.withdraw(OPERATOR, OPERATOR);
    }

    function testFuzz_collateral_CannotUnbond(uint256 amount, uint256 locked, uint256 wanted) public {
        (amount, locked) = staked(amount, locked);
        lock(LOCKER, locked);
        uint256 free = amount - locked;
        wanted = bound(wanted, free + 1, type(uint256).max - free - 1);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingInsufficientStake.selector, OPERATOR, free, wanted));
        beginUnstake(OPERATOR, wanted);
    }

    /// @dev Delegated stake is no way to shift an obligation to others.
    function testFuzz_collateral_CannotUnbond_ThoughDelegatedStakeWouldCoverIt(uint256 amount, uint256 locked) public {
        (amount, locked) = staked(amount, locked);
        delegate(ALICE, FUNDS);
        lock(LOCKER, locked);
        uint256 free = amount - locked;
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingInsufficientStake.selector, OPERATOR, free, free + 1));
        beginUnstake(OPERATOR, free + 1);
    }
}
