// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {TierMultipliers} from "../types/TierMultipliers.sol";

/// @notice The price of work in one window, and the demand in it so far: all that the market keeps, in one slot.
/// @param unitPrice OPG in wei per unit of work, in this window.
/// @param windowEnd Unix time in seconds at which the window ends; zero before the first one.
/// @param served Units of work served in the window; stops counting at 2⁴⁸ − 1.
/// @param multipliers Units of work per compute unit of a model, by tier.
/// @param inputRate Units of work per byte of input.
/// @param outputRate Units of work per byte of output.
/// @param isPaused Not about the price: whether the market refuses new requests, in the slot that those read anyway.
struct PriceState {
    uint64 unitPrice; // 64 bits
    uint40 windowEnd; // 40
    uint48 served; // 48
    TierMultipliers multipliers; // 64
    uint16 inputRate; // 16
    uint16 outputRate; // 16
    bool isPaused; // 8
}

/// @notice How the price moves; read once per window.
/// @param floor Least price of a unit of work, in OPG wei.
/// @param target Units of work per window at which the price stays as it is.
/// @param windowSeconds Length of a window.
struct PriceRules {
    uint64 floor; // 64 bits
    uint48 target; // 48
    uint32 windowSeconds; // 32
}

/// @notice What a unit of work is.
/// @param multipliers Units of work per compute unit of a model, in the order of {Tier}: `Signed` first.
/// @param inputRate Units of work per byte of input.
/// @param outputRate Units of work per byte of output.
struct WorkRates {
    uint16[4] multipliers;
    uint16 inputRate;
    uint16 outputRate;
}

/// @title How the price of work is found
/// @notice
///
///     quote = unitPrice × (computeUnits × multiplier(tier) + inputUnits × inputRate + outputUnits × outputRate)
///
/// `unitPrice` follows demand: after each window it rises by up to 12.5 % if more work than the target was served in it, and
/// falls by up to 12.5 % if less was. Within a window price and rates stay as they are. Windows in which nothing happens
/// need no transaction.
interface IFeePolicy {
    /// @notice The price moves by other rules from the next window on.
    event PriceRulesChanged(PriceRules rules);

    /// @notice A unit of work is something else from the next window on.
    event WorkRatesChanged(WorkRates rates);

    /// @notice The floor of the price must lie within hard limits.
    error FeePolicyBadFloor(uint256 floor, uint256 minimum, uint256 maximum);

    /// @notice The target must lie within hard limits.
    error FeePolicyBadTarget(uint256 target, uint256 minimum, uint256 maximum);

    /// @notice The length of a window must lie within hard limits.
    error FeePolicyBadWindow(uint256 windowSeconds, uint256 minimum, uint256 maximum);

    /// @notice A tier's multiplier must lie within hard limits.
    error FeePolicyBadMultiplier(uint256 multiplier, uint256 minimum, uint256 maximum);

    /// @notice A unit of input or output counts for too much.
    error FeePolicyRateTooHigh(uint256 rate, uint256 limit);

    /// @notice Sets how the price moves, over every window that the market has not closed yet: `IInferenceMarket.closeWindows`
    /// closes those that have ended. Governance only.
    function setPriceRules(PriceRules calldata rules) external;

    /// @notice Sets what a unit of work is, from the next window on. Governance only.
    function setWorkRates(WorkRates calldata rates) external;

    /// @notice What becomes of a window once it has ended: the window that holds now, with nothing served, the price moved by
    /// all that ended in between, and the rates of today. A window that has not ended stays what it is, and before the
    /// first one the price is the floor.
    function advance(PriceState calldata state) external view returns (PriceState memory);

    /// @notice How the price moves.
    function priceRules() external view returns (PriceRules memory);

    /// @notice What a unit of work is.
    function workRates() external view returns (WorkRates memory);
}
