// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SlashOrder} from "../../contracts/interfaces/IStaking.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title Every life of a small pool, by the real contract
/// @notice Two delegate, rewards come, a slash comes, both leave, in either order: for all amounts of a few wei, and of a few
/// times more than the virtual shares.
contract SmallPoolTest is ProtocolFixture {
    struct Life {
        uint256 first;
        uint256 second;
        uint256 rewards;
        uint256 loss;
    }

    uint256 private constant MOST = 3;
    uint256 private constant PERIOD = 7 days;
    address private constant ALICE = address(0xa1);
    address private constant BOB = address(0xb0);

    /// @dev What one wei of the small amounts stands for.
    uint256[2] private units = [1, 1_234];

    uint256 private operators;
    uint256 private count;

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
        fund(ALICE, 1e18);
        fund(BOB, 1e18);
        opg.approve(address(staking), type(uint256).max);
        manager.grantRole(MARKET_ROLE, address(this), 0);
    }

    function test_29_nobody_GetsMoreThanThereIs() public {
        for (uint256 u = 0; u < units.length; ++u) {
            for (uint256 first = 1; first <= MOST; ++first) {
                for (uint256 second = 1; second <= MOST; ++second) liveAll(first, second, units[u]);
            }
        }
        assertEq(count, 822, "lives");
    }

    function liveAll(uint256 first, uint256 second, uint256 unit) private {
        for (uint256 rewards = 0; rewards <= MOST; ++rewards) {
            for (uint256 loss = 0; loss <= first + second + rewards; ++loss) {
                Life memory given = Life(first * unit, second * unit, rewards * unit, loss * unit);
                live(given, ALICE, BOB);
                live(given, BOB, ALICE);
            }
        }
    }

    function live(Life memory given, address leavesFirst, address leavesSecond) private {
        address operator = address(uint160(0x10000 + ++operators));
        uint256 before = opg.balanceOf(ALICE) + opg.balanceOf(BOB);
        delegate(operator, ALICE, given.first);
        if (given.rewards != 0) staking.addRewards(operator, given.rewards);
        // Rewards can make one share worth more than what the second brings.
        if (!delegate(operator, BOB, given.second)) return;
        uint256 all = given.first + given.second + given.rewards;
        // What rounding keeps for the virtual shares backs nothing.
        if (given.loss > staking.worthOf(operator, staking.delegationPoolOf(operator).shares)) return;
        if (given.loss != 0) slash(operator, given, all);
        ++count;

        unstake(operator, leavesFirst);
        unstake(operator, leavesSecond);
        uint256 left = staking.delegationPoolOf(operator).assets;
        uint256 taken = opg.balanceOf(ALICE) + opg.balanceOf(BOB) + given.first + given.second - before;
        assertEq(taken + left, all - given.loss, "nothing appears, nothing is lost");
        assertEq(staking.delegationPoolOf(operator).shares, 0, "shares");
    }

    /// @dev Values before and after, of both together and of each: the same proportion, to a wei.
    function slash(address operator, Life memory given, uint256 all) private {
        uint256[2] memory before = [worthOf(operator, ALICE), worthOf(operator, BOB)];
        staking.lock(operator, given.loss, uint40(block.timestamp + 1 days));
        staking.slash(SlashOrder(operator, uint128(given.loss), address(0xdd), 0, address(0xee)));
        for (uint256 i = 0; i < 2; ++i) {
            uint256 after_ = worthOf(operator, i == 0 ? ALICE : BOB);
            assertLe(after_, before[i], "a slash raises nothing");
            assertLe(after_ * (all + 1), (before[i] + 1) * (all - given.loss + 1), "at most in proportion");
            assertLe(before[i] * (all - given.loss + 1), (after_ + 1) * (all + 1), "at least in proportion");
        }
        uint256 left = worthOf(operator, ALICE) + worthOf(operator, BOB);
        assertLe(left, all - given.loss, "no more than there is");
    }

    function delegate(address operator, address delegator, uint256 amount) private returns (bool accepted) {
        vm.prank(delegator);
        try staking.delegate(operator, amount) returns (uint256 shares) {
            assertLe(staking.worthOf(operator, shares), amount, "no gain");
            return true;
        } catch {
            return false;
        }
    }

    function unstake(address operator, address delegator) private {
        uint256 shares = staking.delegationOf(operator, delegator).shares;
        uint256 worth = worthOf(operator, delegator);
        vm.prank(delegator);
        staking.beginUnstake(operator, shares);
        vm.warp(block.timestamp + PERIOD);
        assertEq(staking.withdraw(operator, delegator), worth, "what it was worth");
    }

    function worthOf(address operator, address delegator) private view returns (uint256) {
        return staking.worthOf(operator, staking.delegationOf(operator, delegator).shares);
    }
}
