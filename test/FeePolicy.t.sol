// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeePolicy, PriceRules, PriceState, WorkRates} from "../contracts/interfaces/IFeePolicy.sol";
import {DemandPrice} from "../contracts/libraries/DemandPrice.sol";
import {OpenWorkMeter} from "../contracts/mocks/OpenWorkMeter.sol";
import {Tier} from "../contracts/types/Tier.sol";
import {TierMultiplierLib, TierMultipliers} from "../contracts/types/TierMultipliers.sol";
import {ProtocolFixture} from "./fixtures/ProtocolFixture.sol";

contract FeePolicyTest is ProtocolFixture {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant TARGET = 10_000_000;
    uint256 private constant WINDOW = 1 hours;

    /// @dev Rounding up in each of a run of steps of 7/8 adds up to less than this, in wei.
    uint256 private constant ROUNDING = 8;

    OpenWorkMeter private meter;

    function setUp() public {
        vm.warp(START);
        deployProtocol();
        meter = new OpenWorkMeter(policy);
    }

    // ONE WINDOW

    function testFuzz_advance_Keeps_AWindowThatHasNotEnded(PriceState memory state, uint256 now_) public {
        state.windowEnd = uint40(bound(state.windowEnd, 1, type(uint40).max));
        vm.warp(bound(now_, 0, uint256(state.windowEnd) - 1));
        assertEq(hashOf(policy.advance(state)), hashOf(state), "state");
    }

    function testFuzz_advance_Moves_ByAnEighthAtMost(uint64 price, uint48 served) public view {
        PriceState memory state = ended(price, served);
        uint256 next = policy.advance(state).unitPrice;
        assertLe(next * 8, uint256(state.unitPrice) * 9, "up");
        if (next != FLOOR) assertLe(uint256(state.unitPrice) * 7, next * 8, "down");
        assertTrue(served > TARGET || next <= state.unitPrice, "up without demand");
        assertTrue(served < TARGET || next >= state.unitPrice, "down with demand");
    }

    function testFuzz_advance_ReachesBothBounds(uint64 price, uint48 served) public view {
        PriceState memory state = ended(bound(price, 2 * FLOOR, DemandPrice.MAX_PRICE / 2), 0);
        uint256 whole = uint256(state.unitPrice);
        assertEq(policy.advance(state).unitPrice, (whole * 7 + 7) / 8, "nothing served");
        state.served = uint48(bound(served, 2 * TARGET, type(uint48).max));
        assertEq(policy.advance(state).unitPrice, (whole * 9) / 8, "twice the target served");
    }

    function testFuzz_advance_KeepsThePrice_AtTheTarget(uint64 price) public view {
        PriceState memory state = ended(price, TARGET);
        assertEq(policy.advance(state).unitPrice, state.unitPrice, "price");
    }

    function testFuzz_advance_IsMonotone_InWorkAndPrice(
        uint64 price,
        uint48 served,
        uint48 more,
        uint64 higher
    ) public view {
        PriceState memory low = ended(price, served);
        PriceState memory high = ended(bound(higher, low.unitPrice, DemandPrice.MAX_PRICE), served);
        high.served = uint48(bound(more, served, type(uint48).max));
        assertLe(policy.advance(low).unitPrice, policy.advance(high).unitPrice, "price");
    }

    // MANY WINDOWS

    function testFuzz_advance_IsMonotone_InTime(uint64 price, uint48 served, uint256 wait, uint256 more) public {
        PriceState memory state = ended(price, served);
        wait = bound(wait, 0, 400 * WINDOW);
        vm.warp(START + wait);
        uint256 sooner = policy.advance(state).unitPrice;
        vm.warp(START + wait + bound(more, 0, 400 * WINDOW));
        assertLe(policy.advance(state).unitPrice, sooner, "price");
    }

    function testFuzz_advance_IsStepByStep(uint64 price, uint48 served, uint256 windows, uint256 rest) public {
        PriceState memory state = ended(price, served);
        windows = bound(windows, 1, 300);
        uint256 end = START + (windows - 1) * WINDOW + bound(rest, 0, WINDOW - 1);

        PriceState memory stepped = state;
        for (uint256 i = 0; i < windows; ++i) {
            vm.warp(stepped.windowEnd);
            stepped = policy.advance(stepped);
        }
        vm.warp(end);
        PriceState memory lazy = policy.advance(state);
        assertEq(lazy.windowEnd, stepped.windowEnd, "window");
        assertLe(lazy.unitPrice, stepped.unitPrice, "lazy rounds less");
        assertLe(stepped.unitPrice, uint256(lazy.unitPrice) + ROUNDING, "by no more than rounding");
    }

    function testFuzz_advance_Stays_BetweenFloorAndCap(PriceState memory state, uint256 wait) public {
        state.windowEnd = uint40(bound(state.windowEnd, 1, START));
        state.unitPrice = uint64(bound(state.unitPrice, 0, DemandPrice.MAX_PRICE));
        vm.warp(START + bound(wait, 0, 365 days));
        uint256 next = policy.advance(state).unitPrice;
        assertLe(FLOOR, next, "floor");
        assertLe(next, DemandPrice.MAX_PRICE, "cap");
    }

    function testFuzz_advance_NeverReverts_UnderAnyRules(
        PriceState memory state,
        PriceRules memory rules,
        uint40 now_
    ) public {
        rules.floor = uint64(bound(rules.floor, DemandPrice.MIN_FLOOR, policy.MAX_FLOOR()));
        rules.target = uint48(bound(rules.target, 1, policy.MAX_TARGET()));
        rules.windowSeconds = uint32(bound(rules.windowSeconds, policy.MIN_WINDOW(), policy.MAX_WINDOW()));
        policy.setPriceRules(rules);
        vm.warp(now_);
        uint256 next = policy.advance(state).unitPrice;
        if (now_ >= state.windowEnd) assertLe(rules.floor, next, "floor");
    }

    function testFuzz_advance_Finds_TheWindowOfNow(uint64 price, uint256 end, uint256 wait) public {
        PriceState memory state = ended(price, 0);
        state.windowEnd = uint40(bound(end, 1, START));
        uint256 now_ = START + bound(wait, 0, 365 days);
        vm.warp(now_);
        uint256 next = policy.advance(state).windowEnd;
        assertTrue(next > now_ && next <= now_ + WINDOW, "holds now");
        assertEq((next - state.windowEnd) % WINDOW, 0, "whole windows");
    }

    function testFuzz_advance_Begins_AtTheFloor(PriceState memory state) public view {
        state.windowEnd = 0;
        PriceState memory next = policy.advance(state);
        assertEq(next.unitPrice, FLOOR, "price");
        assertEq(next.windowEnd, START + WINDOW, "window");
        assertEq(next.served, 0, "served");
    }

    function testFuzz_advance_TakesOver_TheRatesOfToday(uint64 price, bool isPaused, uint16 rate) public {
        rate = uint16(bound(rate, 0, policy.MAX_RATE()));
        policy.setWorkRates(WorkRates({multipliers: [uint16(4), 3, 2, 1], inputRate: rate, outputRate: 7}));
        PriceState memory state = ended(price, 5);
        state.isPaused = isPaused;
        PriceState memory next = policy.advance(state);
        assertEq(next.multipliers.forTier(Tier.Signed), 4, "signed");
        assertEq(next.multipliers.forTier(Tier.Proven), 1, "proven");
        assertTrue(next.inputRate == rate && next.outputRate == 7, "rates");
        assertTrue(next.isPaused == isPaused, "pause");
        assertEq(next.served, 0, "served");
    }

    // METER

    function testFuzz_quote_IsTheFormula(uint64 computeUnits, uint8 tier, uint128 input, uint128 output) public view {
        Tier chosen = Tier(tier % 4);
        uint256 multiplier = [uint256(10), 12, 15, 1_000][uint8(chosen)];
        uint256 work = uint256(computeUnits) * multiplier + uint256(input) + uint256(output);
        assertEq(meter.quote(computeUnits, chosen, input, output), work * FLOOR, "quote");
    }

    function testFuzz_observe_Adds_UpToTheLargestCount(uint64[4] memory works) public {
        uint256 total;
        for (uint256 i = 0; i < works.length; ++i) {
            meter.observe(works[i]);
            total += works[i];
        }
        uint256 most = type(uint48).max;
        assertEq(meter.priceState().served, total < most ? total : most, "served");
    }

    function testFuzz_closeWindows_Changes_NoPrice(uint64 work, uint256 first, uint256 second) public {
        OpenWorkMeter poked = new OpenWorkMeter(policy);
        (first, second) = (bound(first, 0, 150 * WINDOW), bound(second, 0, 150 * WINDOW));
        meter.observe(work);
        poked.observe(work);
        vm.warp(START + first);
        poked.closeWindows();
        vm.warp(START + first + second);
        uint256 lazy = meter.priceState().unitPrice;
        assertLe(lazy, poked.priceState().unitPrice, "lazy rounds less");
        assertLe(poked.priceState().unitPrice, lazy + ROUNDING, "by no more than rounding");
        assertEq(poked.priceState().windowEnd, meter.priceState().windowEnd, "window");
    }

    // GOVERN

    function testFuzz_setPriceRules_Rejects_WhatIsOutOfBounds(PriceRules memory rules) public {
        bool isSound =
            rules.floor >= 1e6 &&
                rules.floor <= 1e15 &&
                rules.target != 0 &&
                rules.target <= 2 ** 46 &&
                rules.windowSeconds >= 60 &&
                rules.windowSeconds <= 86_400;
        if (!isSound) vm.expectRevert();
        policy.setPriceRules(rules);
    }

    function testFuzz_setWorkRates_Rejects_WhatIsOutOfBounds(WorkRates memory rates) public {
        bool isSound = rates.inputRate <= 1_000 && rates.outputRate <= 1_000;
        for (uint256 i = 0; i < 4; ++i) {
            isSound = isSound && rates.multipliers[i] != 0 && rates.multipliers[i] <= 50_000;
        }
        if (!isSound) vm.expectRevert();
        policy.setWorkRates(rates);
    }

    function testFuzz_multipliers_Pack_InTheOrderOfTiers(uint16[4] memory multipliers) public pure {
        TierMultipliers packed = TierMultiplierLib.pack(multipliers);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(packed.forTier(Tier(i)), multipliers[i], "tier");
            assertEq(packed.unpack()[i], multipliers[i], "unpacked");
        }
    }

    /// @dev A window that ends now.
    function ended(uint256 price, uint256 served) private view returns (PriceState memory state) {
        state.unitPrice = uint64(bound(price, FLOOR, DemandPrice.MAX_PRICE));
        state.served = uint48(served);
        state.windowEnd = uint40(block.timestamp);
    }

    function hashOf(PriceState memory state) private pure returns (bytes32) {
        return keccak256(abi.encode(state));
    }
}
