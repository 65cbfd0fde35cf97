// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFeePolicy, PriceRules, PriceState, WorkRates} from "./interfaces/IFeePolicy.sol";
import {Pausing} from "./governance/Pausing.sol";
import {DemandPrice} from "./libraries/DemandPrice.sol";
import {Tier} from "./types/Tier.sol";
import {TierMultiplierLib} from "./types/TierMultipliers.sol";

/// @title FeePolicy
/// @dev A part of the market and not a contract beside it: every request asks for the price and every settlement reports
/// what was served, and from another proxy these two calls would cost 13,000 gas each. So nobody but the market can report
/// work, either.
///
/// LAZY
///
/// The price is stored when work is served, and computed from what is stored when it is asked for: windows that ended since
/// then have moved it, the first by what was served in it, the others by 12.5 % down each. Both cost the same whether one
/// window has passed or a million; see {DemandPrice} for the arithmetic and its rounding.
///
/// WHAT A PRICE CAN BE MADE TO DO
///
/// Serving one's own requests raises the price by at most 12.5 % per window, costs the treasury's share of a whole window's
/// demand at that price, and gives everybody else a reason to serve. Requests that nobody serves count for nothing.
abstract contract FeePolicy is IFeePolicy, Pausing {
    /// @custom:storage-location erc7201:opengradient.storage.FeePolicy
    struct PolicyStorage {
        PriceState state; // slot 0: read by every request, written by every settlement
        PriceRules rules; // slot 1: read only when a window has ended
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

    bytes32 private constant POLICY_SLOT = bytes32(erc7201("opengradient.storage.FeePolicy"));

    /// @dev The price begins at the floor.
    function _initializePolicy(PriceRules memory rules, WorkRates memory rates) internal onlyInitializing {
        _setPriceRules(rules);
        _setWorkRates(rates);
    }

    // PRICE

    /// @inheritdoc IFeePolicy
    function quote(
        uint256 computeUnits,
        Tier tier,
        uint256 inputUnits,
        uint256 outputUnits
    ) external view returns (uint256 fee) {
        (, fee) = _quote(computeUnits, tier, inputUnits, outputUnits);
    }

    /// @dev Returns units of work, and what they cost now.
    function _quote(
        uint256 computeUnits,
        Tier tier,
        uint256 inputUnits,
        uint256 outputUnits
    ) internal view returns (uint256 work, uint256 fee) {
        PriceState memory state = _policy().state;
        work =
            computeUnits * state.multipliers.forTier(tier) +
            inputUnits * state.inputRate +
            outputUnits * state.outputRate;
        if (block.timestamp >= state.windowEnd) _closeWindows(state, _policy().rules);
        fee = state.unitPrice * work;
    }

    // DEMAND

    /// @dev Counts work that was served.
    function _observe(uint256 work) internal {
        PriceState memory state = _policy().state;
        if (block.timestamp >= state.windowEnd) {
            _closeWindows(state, _policy().rules);
            emit UnitPriceChanged(state.unitPrice, state.windowEnd);
        }
        // Not more than the largest value of the type.
        state.served = uint48(Math.min(state.served + work, type(uint48).max));
        _policy().state = state;
    }

    /// @dev Moves the price over all windows that have ended; at least one has.
    function _closeWindows(PriceState memory state, PriceRules memory rules) private view {
        uint256 ended = (block.timestamp - state.windowEnd) / rules.windowSeconds + 1;
        uint256 price = DemandPrice.afterWindow(state.unitPrice, state.served, rules.target);
        price = DemandPrice.afterEmptyWindows(price, ended - 1);
        // Not more than `MAX_PRICE` or a floor, which fit 64 bits.
        state.unitPrice = uint64(Math.max(price, rules.floor));
        // At most one window from now.
        state.windowEnd = uint40(state.windowEnd + ended * rules.windowSeconds);
        state.served = 0;
    }

    // GOVERN

    /// @inheritdoc IFeePolicy
    function setPriceRules(PriceRules calldata rules) external restricted {
        _setPriceRules(rules);
    }

    function _setPriceRules(PriceRules memory rules) private {
        require(
            rules.floor >= DemandPrice.MIN_FLOOR && rules.floor <= MAX_FLOOR,
            FeePolicyBadFloor(rules.floor, DemandPrice.MIN_FLOOR, MAX_FLOOR)
        );
        require(rules.target != 0 && rules.target <= MAX_TARGET, FeePolicyBadTarget(rules.target, 1, MAX_TARGET));
        require(
            rules.windowSeconds >= MIN_WINDOW && rules.windowSeconds <= MAX_WINDOW,
            FeePolicyBadWindow(rules.windowSeconds, MIN_WINDOW, MAX_WINDOW)
        );

        PriceState memory state = _currentState();
        state.unitPrice = uint64(Math.max(state.unitPrice, rules.floor));
        // Good for the next 30,000 years.
        state.windowEnd = uint40(block.timestamp + rules.windowSeconds);
        state.served = 0;
        _policy().state = state;
        _policy().rules = rules;
        emit PriceRulesChanged(rules);
        emit UnitPriceChanged(state.unitPrice, state.windowEnd);
    }

    /// @inheritdoc IFeePolicy
    function setWorkRates(WorkRates calldata rates) external restricted {
        _setWorkRates(rates);
    }

    function _setWorkRates(WorkRates memory rates) private {
        for (uint256 i = 0; i < rates.multipliers.length; ++i) {
            uint256 multiplier = rates.multipliers[i];
            require(
                multiplier != 0 && multiplier <= MAX_MULTIPLIER,
                FeePolicyBadMultiplier(multiplier, 1, MAX_MULTIPLIER)
            );
        }
        require(rates.inputRate <= MAX_RATE, FeePolicyRateTooHigh(rates.inputRate, MAX_RATE));
        require(rates.outputRate <= MAX_RATE, FeePolicyRateTooHigh(rates.outputRate, MAX_RATE));

        PriceState storage state = _policy().state;
        state.multipliers = TierMultiplierLib.pack(rates.multipliers);
        (state.inputRate, state.outputRate) = (rates.inputRate, rates.outputRate);
        emit WorkRatesChanged(rates);
    }

    // PAUSE: the flag lies where a request reads it anyway.

    function paused() public view override returns (bool) {
        return _policy().state.isPaused;
    }

    function _pause() internal override whenNotPaused {
        _policy().state.isPaused = true;
        emit Paused(_msgSender());
    }

    function _unpause() internal override whenPaused {
        _policy().state.isPaused = false;
        emit Unpaused(_msgSender());
    }

    // READ

    /// @inheritdoc IFeePolicy
    function unitPrice() external view returns (uint256) {
        return _currentState().unitPrice;
    }

    /// @inheritdoc IFeePolicy
    function priceState() external view returns (PriceState memory) {
        return _currentState();
    }

    /// @inheritdoc IFeePolicy
    function priceRules() external view returns (PriceRules memory) {
        return _policy().rules;
    }

    /// @dev Before there are rules there is nothing to move.
    function _currentState() private view returns (PriceState memory state) {
        state = _policy().state;
        PriceRules memory rules = _policy().rules;
        if (rules.windowSeconds != 0 && block.timestamp >= state.windowEnd) _closeWindows(state, rules);
    }

    function _policy() private pure returns (PolicyStorage storage $) {
        bytes32 slot = POLICY_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
