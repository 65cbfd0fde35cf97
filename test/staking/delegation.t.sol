// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What others delegate, for shares
contract DelegationTest is StakingFixture {
    function testFuzz_delegate_NeverGains_ByRounding(uint256 a, uint256 b, uint256 rewards) public {
        a = bound(a, 1, FUNDS);
        b = bound(b, 1, FUNDS);
        rewards = bound(rewards, 1, FUNDS / 2);
        delegate(BOB, a);
        addRewards(rewards);
        vm.prank(ALICE);
        try staking.delegate(OPERATOR, b) returns (uint256 shares) {
            uint256 value = staking.worthOf(OPERATOR, shares);
            assertLe(value, b, "value");
            // A share of the virtual wei per share: what one share is worth, and a wei.
            assertLe(b, value + staking.worthOf(OPERATOR, 1) + 2, "loss");
        } catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(IStaking.StakingAmountTooSmall.selector), "refused");
        }
    }

    /// @dev The first delegator inflates the price of its share, hoping that the next one's amount is rounded away.
    function testFuzz_delegate_InflationAttack_CostsMoreThanItTakes(
        uint256 first,
        uint256 gift,
        uint256 amount
    ) public {
        first = bound(first, 1, 1e6);
        gift = bound(gift, 1, FUNDS - 1e6);
        amount = bound(amount, 1, FUNDS);
        uint256 bought = delegate(BOB, first);
        vm.prank(BOB);
        staking.addRewards(OPERATOR, gift);
        vm.prank(ALICE);
        try staking.delegate(OPERATOR, amount) returns (uint256 shares) {
            // No more than the price of one share is rounded away.
            uint256 loss = amount - staking.worthOf(OPERATOR, shares);
            assertLe(loss, staking.worthOf(OPERATOR, 1) + 2, "loss of the victim");
        } catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(IStaking.StakingAmountTooSmall.selector), "refused");
        }
        assertLe(staking.worthOf(OPERATOR, bought), first + gift, "attacker's");
    }

    function testFuzz_delegate_AndLeave_ReturnsNoMore(uint256 amount, uint256 other) public {
        amount = bound(amount, 1, FUNDS);
        delegate(BOB, bound(other, 1, FUNDS));
        uint256 shares = delegate(ALICE, amount);
        beginUnstake(ALICE, shares);
        vm.warp(block.timestamp + PERIOD);
        uint256 returned = staking.withdraw(OPERATOR, ALICE);
        assertLe(returned, amount, "no gain");
        assertLe(amount, returned + DUST, "no loss");
        assertEq(opg.balanceOf(ALICE), FUNDS - amount + returned, "paid");
    }

    function testFuzz_delegators_AllLeave_WithoutBankruptcy(
        uint256 a,
        uint256 b,
        uint256 rewards,
        uint256 loss
    ) public {
        a = bound(a, 1e6, FUNDS);
        b = bound(b, 1e6, FUNDS);
        uint256 aliceShares = delegate(ALICE, a);
        uint256 bobShares = delegate(BOB, b);
        addRewards(bound(rewards, 1, FUNDS / 2));
        uint256 all = staking.delegationPoolOf(OPERATOR).assets;
        slash(bound(loss, 1, all));
        beginUnstake(ALICE, aliceShares);
        beginUnstake(BOB, bobShares);
        vm.warp(block.timestamp + PERIOD);
        staking.withdraw(OPERATOR, BOB);
        staking.withdraw(OPERATOR, ALICE);
        assertEq(staking.delegationPoolOf(OPERATOR).shares, 0, "shares");
        assertEq(opg.balanceOf(address(staking)), owed(), "held");
    }

    function testFuzz_beginUnstake_Reverts_BeyondTheShares(uint256 amount, uint256 wanted) public {
        uint256 shares = delegate(ALICE, bound(amount, 1, FUNDS));
        wanted = bound(wanted, shares + 1, type(uint256).max - shares - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStaking.StakingInsufficientShares.selector, OPERATOR, ALICE, shares, wanted)
        );
        beginUnstake(ALICE, wanted);
    }

    function testFuzz_delegate_Reverts_WhereThePoolIsDepleted(uint256 amount, uint256 next) public {
        amount = bound(amount, 1e9, FUNDS);
        delegate(ALICE, amount);
        slash(amount);
        vm.expectRevert(abi.encodeWithSelector(IStaking.StakingPoolDepleted.selector, OPERATOR));
        vm.prank(BOB);
        staking.delegate(OPERATOR, bound(next, 1, FUNDS));
    }
}
