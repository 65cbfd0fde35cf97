// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStaking, SlashOrder, StakePool, Unbonding} from "../contracts/interfaces/IStaking.sol";
import {ProtocolFixture} from "./fixtures/ProtocolFixture.sol";

contract StakingTest is ProtocolFixture {
    address private constant OPERATOR = address(0xaa);
    address private constant LOCKER = address(0xbb);
    address private constant OTHER_LOCKER = address(0xcc);
    address private constant PAYER = address(0xdd);
    address private constant REPORTER = address(0xee);
    address private constant ALICE = address(0xa1);
    address private constant BOB = address(0xb0);

    uint256 private constant FUNDS = 1_000_000e18;
    uint256 private constant PERIOD = 7 days;
    /// @dev Most that rounding can cost, in wei: two roundings and a share of the virtual wei.
    uint256 private constant DUST = 3;

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
        fund(OPERATOR, FUNDS);
        fund(ALICE, FUNDS);
        fund(BOB, FUNDS);
        manager.grantRole(MARKET_ROLE, LOCKER, 0);
        manager.grantRole(MARKET_ROLE, OTHER_LOCKER, 0);
    }

    // OWN STAKE

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

    // DELEGATION

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

    // REWARDS

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

    // COLLATERAL

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

    // SLASH

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

    // VOTES

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

    // HELPERS

    /// @dev Stakes `amount` and returns it with `part`, a positive part of it.
    function staked(uint256 amount, uint256 part) private returns (uint256, uint256) {
        amount = bound(amount, 1, FUNDS);
        vm.prank(OPERATOR);
        staking.stake(OPERATOR, amount);
        return (amount, bound(part, 1, amount));
    }

    function delegate(address delegator, uint256 amount) private returns (uint256 shares) {
        vm.prank(delegator);
        return staking.delegate(OPERATOR, amount);
    }

    function beginUnstake(address staker, uint256 amount) private {
        vm.prank(staker);
        staking.beginUnstake(OPERATOR, amount);
    }

    /// @dev Paid by the fixture, so that nobody runs out of funds.
    function addRewards(uint256 amount) private {
        opg.approve(address(staking), amount);
        staking.addRewards(OPERATOR, amount);
    }

    function lock(address locker, uint256 amount) private {
        vm.prank(locker);
        staking.lock(OPERATOR, amount, uint40(block.timestamp + 60 days));
    }

    function slash(uint256 amount) private {
        slash(amount, 0);
    }

    function slash(uint256 amount, uint96 harm) private {
        lock(LOCKER, amount);
        take(amount, harm);
    }

    function take(uint256 amount, uint96 harm) private {
        vm.prank(LOCKER);
        staking.slash(SlashOrder(OPERATOR, uint128(amount), PAYER, harm, REPORTER));
    }

    /// @dev Announces a commission and waits until it is in force.
    function setCommission(uint256 commission) private returns (uint256) {
        commission = bound(commission, 0, 5_000);
        vm.prank(OPERATOR);
        staking.announceCommission(uint16(commission));
        vm.warp(block.timestamp + 14 days);
        return commission;
    }

    function unbonding(address staker) private view returns (uint256 total) {
        Unbonding[] memory tranches = staking.unbondingOf(OPERATOR, staker);
        for (uint256 i = 0; i < tranches.length; ++i) total += tranches[i].amount;
    }

    function owed() private view returns (uint256) {
        uint256 proceeds = staking.proceedsOf(PAYER) + staking.proceedsOf(REPORTER) + staking.treasuryProceeds();
        return staking.slashableOf(OPERATOR) + proceeds;
    }
}
