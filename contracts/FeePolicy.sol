// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Governed} from "./governance/Governed.sol";
import {IFeePolicy, PriceRules, PriceState, WorkRates} from "./interfaces/IFeePolicy.sol";
import {DemandPrice} from "./libraries/DemandPrice.sol";
import {TierMultiplierLib, TierMultipliers} from "./types/TierMultipliers.sol";

/// @title FeePolicy
/// @dev The rules are here, the price is where it is used: a proxy of its own that every request asked for the price, and
/// every settlement told of work, would cost each of them 13,000 gas. So the market keeps the current window in one slot of
/// its own and comes here once a window, when the old one has ended. Nobody but the market can count work, therefore.
///
/// LAZY
///
/// Windows that have ended are closed together: the first by what was served in it, the others, in which nothing was, by
/// 12.5 % down each. That costs the same whether one has passed or a million; see {DemandPrice} for arithmetic and rounding.
///
/// WHAT A PRICE CAN BE MADE TO DO
///
/// Serving one's own requests raises the price by at most 12.5 % per window, costs the treasury's share of more than a whole
/// window's target, and gives everybody else a reason to serve. Requests that nobody serves count for nothing.
/// @custom:security-contact security@opengradient.ai
contract FeePolicy is IFeePolicy, Governed {
    /// @custom:storage-location erc7201:opengradient.storage.FeePolicy
    struct Storage {
        uint64 floor; // 64 bits
        uint48 target; // 48
        uint32 windowSeconds; // 32
        TierMultipliers multipliers; // 64
        uint16 inputRate; // 16
        uint16 outputRate; // 16: all in one slot
    }

    /// @notice Highest floor that governance may set, in OPG wei per unit of work: 0.001 OPG.
    uint256 public constant MAX_FLOOR = 1e15;

    /// @notice Highest target, in units of work: twice of it can still be counted.
    uint256 public constant MAX_TARGET = 2 ** 46;

    /// @notice Shortest window, in seconds.
    uint256 public constant MIN_WINDOW = 1 minutes;

    /// @notice Longest window, in seconds.
    uint256 public constant MAX_WINDOW = 1 days;

    /// @notice Most units of work that a compute unit can stand for, in any tier.
    uint256 public constant MAX_MULTIPLIER = 50_000;

    /// @notice Most units of work that a byte of input or output can stand for.
    uint256 public constant MAX_RATE = 1_000;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.FeePolicy"));

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param rules How the price moves.
    /// @param rates What a unit of work is.
    function initialize(address authority, PriceRules calldata rules, WorkRates calldata rates) external initializer {
        __AccessManaged_init(authority);
        _setPriceRules(rules);
        _setWorkRates(rates);
    }

    // PRICE

    /// @inheritdoc IFeePolicy
    function advance(PriceState calldata state) external view returns (PriceState memory next) {
        next = state;
        if (block.timestamp < state.windowEnd) return next;

        Storage memory current = _storage();
        (next.unitPrice, next.windowEnd) = _moved(state, current);
        next.served = 0;
        next.multipliers = current.multipliers;
        (next.inputRate, next.outputRate) = (current.inputRate, current.outputRate);
    }

    /// @dev The price after all windows that have ended, of which there is at least one, and the end of the one that has not.
    function _moved(
        PriceState calldata state,
        Storage memory current
    ) private view returns (uint64 price, uint40 windowEnd) {
        // Good for the next 30,000 years.
        if (state.windowEnd == 0) return (current.floor, uint40(block.timestamp + current.windowSeconds));

        uint256 ended = (block.timestamp - state.windowEnd) / current.windowSeconds + 1;
        uint256 moved = DemandPrice.afterWindow(state.unitPrice, state.served, current.target);
        moved = DemandPrice.afterEmptyWindows(moved, ended - 1);
        // Not more than `MAX_PRICE` or the floor, which fit 64 bits; at most one window from now.
        return (uint64(Math.max(moved, current.floor)), uint40(state.windowEnd + ended * current.windowSeconds));
    }

    // GOVERN

    /// @inheritdoc IFeePolicy
    function setPriceRules(PriceRules calldata rules) external restricted {
        _setPriceRules(rules);
    }

    function _setPriceRules(PriceRules calldata rules) private {
        require(
            rules.floor >= DemandPrice.MIN_FLOOR && rules.floor <= MAX_FLOOR,
            FeePolicyBadFloor(rules.floor, DemandPrice.MIN_FLOOR, MAX_FLOOR)
        );
        require(rules.target != 0 && rules.target <= MAX_TARGET, FeePolicyBadTarget(rules.target, 1, MAX_TARGET));
        require(
            rules.windowSeconds >= MIN_WINDOW && rules.windowSeconds <= MAX_WINDOW,
            FeePolicyBadWindow(rules.windowSeconds, MIN_WINDOW, MAX_WINDOW)
        );

        Storage storage $ = _storage();
        ($.floor, $.target, $.windowSeconds) = (rules.floor, rules.target, rules.windowSeconds);
        emit PriceRulesChanged(rules);
    }

    /// @inheritdoc IFeePolicy
    function setWorkRates(WorkRates calldata rates) external restricted {
        _setWorkRates(rates);
    }

    function _setWorkRates(WorkRates calldata rates) private {
        for (uint256 i = 0; i < rates.multipliers.length; ++i) {
            uint256 multiplier = rates.multipliers[i];
            require(
                multiplier != 0 && multiplier <= MAX_MULTIPLIER,
                FeePolicyBadMultiplier(multiplier, 1, MAX_MULTIPLIER)
            );
        }
        require(rates.inputRate <= MAX_RATE, FeePolicyRateTooHigh(rates.inputRate, MAX_RATE));
        require(rates.outputRate <= MAX_RATE, FeePolicyRateTooHigh(rates.outputRate, MAX_RATE));

        Storage storage $ = _storage();
        $.multipliers = TierMultiplierLib.pack(rates.multipliers);
        ($.inputRate, $.outputRate) = (rates.inputRate, rates.outputRate);
        emit WorkRatesChanged(rates);
    }

    // READ

    /// @inheritdoc IFeePolicy
    function priceRules() external view returns (PriceRules memory) {
        Storage storage $ = _storage();
        return PriceRules({floor: $.floor, target: $.target, windowSeconds: $.windowSeconds});
    }

    /// @inheritdoc IFeePolicy
    function workRates() external view returns (WorkRates memory) {
        Storage storage $ = _storage();
        return WorkRates({multipliers: $.multipliers.unpack(), inputRate: $.inputRate, outputRate: $.outputRate});
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
