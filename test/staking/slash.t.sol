// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SlashOrder, StakePool} from "../../contracts/interfaces/IStaking.sol";
import {StakingFixture} from "../fixtures/StakingFixture.sol";

/// @title What a slash takes, and from whom to whom
contract SlashTest is StakingFixture {
    function testFuzz_slash_Splits_WithoutLoss(uint256 amount, uint256 locked, uint96 harm, uint256 shareBps) public {
        (amount, locked) = staked(amount, locked);
        staking.setReporterShare(uint16(bound(shareBps, 0, 5_000)));
        slash(locked, harm);

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

    function testFuzz_slash_TakesWhatThereIs(uint256 amount, uint256 locked, uint256 slashed) public {
        (amount, locked) = staked(amount, locked);
        slashed = bound(slashed, locked, type(uint128).max);
        lock(LOCKER, locked);
        vm.startPrank(LOCKER);
        uint256 taken = staking.slash(SlashOrder(OPERATOR, uint128(slashed), PAYER, 0, REPORTER));
        uint256 again = staking.slash(SlashOrder(OPERATOR, uint128(slashed), PAYER, 0, REPORTER));
        vm.stopPrank();
        assertEq(taken, locked, "taken");
        assertEq(again, 0, "nothing is left");
        assertEq(staking.poolOf(OPERATOR).stake, amount - locked, "stake");
    }

    function testFuzz_slash_TakesOwnStakeFirst(uint256 own, uint256 delegated, uint256 loss, uint96 harm) public {
        (own, ) = staked(own, 1);
        delegated = bound(delegated, 1, FUNDS);
        delegate(ALICE, delegated);
        loss = bound(loss, 1, own + delegated - 1);
        slash(loss, harm);
        uint256 ownLoss = Math.min(own, loss);
        assertEq(staking.poolOf(OPERATOR).stake, own - ownLoss, "own");
        assertEq(staking.delegationPoolOf(OPERATOR).assets, delegated - (loss - ownLoss), "delegated");
        // Payer and reporter get nothing that was delegated: they may be the operator.
        assertLe(staking.proceedsOf(PAYER) + staking.proceedsOf(REPORTER), ownLoss, "out of own stake");
        assertLe(loss - ownLoss, staking.treasuryProceeds(), "treasury");
        assertEq(opg.balanceOf(address(staking)), owed(), "held");
    }

    /// @dev A delegator that begins to leave just before a slash loses as much as one that stays.
    function testFuzz_slash_CannotBeFrontRun_ByDelegators(uint256 amount, uint256 loss) public {
        amount = bound(amount, 1e6, FUNDS);
        uint256 shares = delegate(ALICE, amount);
        delegate(BOB, amount);
        loss = bound(loss, 1, amount);
        lock(LOCKER, loss);
        beginUnstake(ALICE, shares);
        take(loss, 0);
        vm.warp(block.timestamp + PERIOD);
        uint256 returned = staking.withdraw(OPERATOR, ALICE);
        uint256 stayed = staking.worthOf(OPERATOR, staking.delegationOf(OPERATOR, BOB).shares);
        assertLe(returned, stayed + DUST, "left");
        assertLe(stayed, returned + DUST, "stayed");
    }

    function testFuzz_handOn_Moves_EverythingOwed(uint256 amount, uint256 locked, uint96 harm) public {
        (amount, locked) = staked(amount, locked);
        slash(locked, harm);
        if (staking.proceedsOf(PAYER) != 0) staking.handOn(PAYER);
        if (staking.proceedsOf(REPORTER) != 0) staking.handOn(REPORTER);
        if (staking.treasuryProceeds() != 0) staking.handOnTreasury();
        assertEq(opg.balanceOf(address(staking)), amount - locked, "held by staking");
        assertEq(opg.balanceOf(address(escrow)), locked, "held by escrow");
        uint256 credited = escrow.balanceOf(PAYER) + escrow.balanceOf(REPORTER) + escrow.balanceOf(TREASURY);
        assertEq(credited, locked, "credited");
    }
}
