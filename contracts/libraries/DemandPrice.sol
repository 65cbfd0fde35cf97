// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How a price follows demand, window by window
/// @dev The rule of EIP-1559. In a window in which `served` units of work were served against a target of `T`,
///
///     price ← price · (7T + min(served, 2T)) / 8T
///
/// which is a change between −12.5 % (nothing served) and +12.5 % (twice the target or more), and none at the target.
/// Every step is rounded towards the price it started from, so that rounding never carries it past these 12.5 %.
///
/// A run of `k` windows in which nothing was served is one step, `price · 7ᵏ / 8ᵏ`, rounded up once: exact where stepping
/// would round `k` times. Runs of more than `MAX_RUN` windows are cut, so that the product fits a word.
library DemandPrice {
    /// @dev Most that a unit of work can cost, in OPG wei: 1 OPG. With it, no product here leaves 256 bits.
    uint256 internal constant MAX_PRICE = 1e18;

    /// @dev Least that governance may set as floor, in OPG wei: below, a step of 12.5 % would drown in rounding.
    uint256 internal constant MIN_FLOOR = 1e6;

    /// @dev Longest run of empty windows in one step: `MAX_PRICE · 7⁶⁴ < 2²⁴⁰`.
    uint256 private constant MAX_RUN = 64;

    /// @dev So many empty windows bring every price below every floor: `MAX_PRICE · (7/8)²⁵⁶ < 1,500 < MIN_FLOOR`.
    uint256 private constant OBLIVION = 256;

    /// @dev The price after a window; `target` is not zero and fits 64 bits.
    function afterWindow(uint256 price, uint256 served, uint256 target) internal pure returns (uint256) {
        uint256 counted = Math.min(served, 2 * target);
        uint256 scaled = price * (7 * target + counted);
        return counted > target ? Math.min(scaled / (8 * target), MAX_PRICE) : Math.ceilDiv(scaled, 8 * target);
    }

    /// @dev The price after so many windows in which nothing was served, in at most four steps; zero stands for one that no
    /// floor lets happen.
    function afterEmptyWindows(uint256 price, uint256 windows) internal pure returns (uint256) {
        if (windows >= OBLIVION) return 0;
        while (windows > MAX_RUN) {
            price = _afterRun(price, MAX_RUN);
            windows -= MAX_RUN;
        }
        return _afterRun(price, windows);
    }

    function _afterRun(uint256 price, uint256 windows) private pure returns (uint256) {
        return Math.ceilDiv(price * 7 ** windows, 1 << (3 * windows));
    }
}
