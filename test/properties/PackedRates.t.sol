// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Tier} from "../../contracts/types/Tier.sol";
import {TierMultiplierLib, TierMultipliers} from "../../contracts/types/TierMultipliers.sol";
import {Tranche, Tranches} from "../../contracts/types/Tranches.sol";
import {Test} from "../fixtures/Test.sol";

/// @title Every bit of what is packed in loops, and every order of a few tranches
contract PackedRatesTest is Test {
    /// @dev Release times of tranches; the time is between them.
    uint40 private constant PAST = 10;
    uint40 private constant FUTURE = 30;
    uint40 private constant LATER = 40;

    Tranches private tranches;

    /// @dev Packing moves bits and computes with none, so that what holds for each bit holds for all values.
    function test_32_multipliers_KeepEveryBit_WhateverTheOthersAre() public pure {
        for (uint256 tier = 0; tier < 4; ++tier) {
            for (uint256 bit = 0; bit < 16; ++bit) {
                assertMultiplier(tier, uint16(1 << bit), 0);
                assertMultiplier(tier, uint16(1 << bit), type(uint16).max);
                assertMultiplier(tier, uint16(~(1 << bit)), 0);
            }
        }
    }

    /// @dev Lists of up to four tranches, each of which is due, or to be released sooner or later.
    function test_33_dueTranches_AreTaken_AndNoOthers() public {
        vm.warp(20);
        uint40[3] memory times = [PAST, FUTURE, LATER];
        for (uint256 length = 0; length <= 4; ++length) {
            for (uint256 code = 0; code < 3 ** length; ++code) {
                uint256 due = 0;
                uint256 next = 0;
                uint256 rest = code;
                for (uint256 i = 0; i < length; ++i) {
                    uint40 time = times[rest % 3];
                    rest /= 3;
                    // A digit of its own for each tranche, so that no other sum can be the same.
                    uint128 shares = uint128(10 ** i);
                    assertTrue(tranches.tryPush(Tranche(shares, time)), "room");
                    if (time == PAST) due += shares;
                    else if (next == 0 || time < next) next = time;
                }
                assertDue(due, next, 10 ** length - 1);
            }
        }
    }

    function assertMultiplier(uint256 tier, uint16 multiplier, uint16 others) private pure {
        uint16[4] memory given = [others, others, others, others];
        given[tier] = multiplier;
        TierMultipliers packed = TierMultiplierLib.pack(given);
        uint16[4] memory unpacked = packed.unpack();
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(packed.forTier(Tier(i)), given[i], "for a tier");
            assertEq(unpacked[i], given[i], "unpacked");
        }
    }

    /// @dev Takes what is due now, and the rest later: together they are `all`, in digits.
    function assertDue(uint256 due, uint256 next, uint256 all) private {
        (uint256 shares, uint256 nextRelease) = tranches.popDue();
        assertEq(shares, due, "due");
        assertEq(nextRelease, next, "next release");
        vm.warp(LATER);
        (uint256 rest, uint256 nothing) = tranches.popDue();
        assertEq(shares + rest, all / 9, "all of them");
        assertEq(nothing + tranches.count(), 0, "none is left");
        vm.warp(20);
    }
}
