// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PriceState} from "../../contracts/interfaces/IFeePolicy.sol";
import {DemandPrice} from "../../contracts/libraries/DemandPrice.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

/// @title Every run of windows in which nothing is served, until any price is at the floor
contract EmptyWindowsTest is ProtocolFixture {
    /// @dev More than bring the highest price below the lowest floor.
    uint256 private constant MOST = 300;

    uint256[6] private prices = [
        DemandPrice.MIN_FLOOR,
        DemandPrice.MIN_FLOOR + 1,
        uint256(FLOOR),
        999_999_999_989,
        DemandPrice.MAX_PRICE - 1,
        DemandPrice.MAX_PRICE
    ];
    uint256[4] private targets = [1, 2, 1_000, 2 ** 46];

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
    }

    function test_30_manyAtOnce_AreOneByOne_ButForRounding() public view {
        for (uint256 p = 0; p < prices.length; ++p) {
            for (uint256 t = 0; t < targets.length; ++t) compareRuns(prices[p], targets[t]);
        }
    }

    function test_31_price_IsNeverBelowTheFloor_AndReachesIt() public {
        uint48[3] memory served = [0, 10_000_000, type(uint48).max];
        for (uint256 p = 0; p < prices.length; ++p) {
            if (prices[p] < FLOOR) continue;
            for (uint256 s = 0; s < served.length; ++s) advanceFar(uint64(prices[p]), served[s]);
        }
    }

    /// @dev Each step is rounded up by less than a wei, and seven eighths of that go on: eight wei in all, at most.
    function compareRuns(uint256 price, uint256 target) private pure {
        uint256 stepwise = price;
        uint256 before = price;
        for (uint256 windows = 1; windows <= MOST; ++windows) {
            stepwise = DemandPrice.afterWindow(stepwise, 0, target);
            uint256 atOnce = DemandPrice.afterEmptyWindows(price, windows);
            assertLe(atOnce, stepwise, "no more than one by one");
            assertLe(atOnce, before, "falls");
            // From there on no floor lets the price go.
            if (stepwise >= DemandPrice.MIN_FLOOR) assertLe(stepwise, atOnce + 8, "no less than one by one");
            before = atOnce;
        }
        assertLe(before, DemandPrice.MIN_FLOOR, "every floor is reached");
    }

    function advanceFar(uint64 price, uint48 served) private {
        PriceState memory state = policy.advance(zero());
        (state.unitPrice, state.served) = (price, served);
        uint256 end = state.windowEnd;
        uint256 before = type(uint256).max;
        for (uint256 windows = 1; windows <= MOST; ++windows) {
            vm.warp(end + (windows - 1) * 1 hours);
            uint256 found = policy.advance(state).unitPrice;
            assertLe(FLOOR, found, "floor");
            assertLe(found, DemandPrice.MAX_PRICE, "maximum");
            assertLe(found, before, "falls while nothing is served");
            before = found;
        }
        assertEq(before, FLOOR, "reached");
    }

    function zero() private pure returns (PriceState memory state) {}
}
