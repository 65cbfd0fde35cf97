// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Tier} from "../types/Tier.sol";
import {TierMultipliers} from "../types/TierMultipliers.sol";

/// @notice The price, what it is multiplied with, and the demand so far: all that a request reads, in one slot.
/// @param unitPrice OPG in wei per unit of work, as it was when the current window began.
/// @param windowEnd Unix time in seconds at which the current window ends.
/// @param served Units of work served in the current window; stops counting at 2⁴⁸ − 1.
/// @param multipliers Units of work per compute unit of a model, by tier.
/// @param inputRate Units of work per byte of input.
/// @param outputRate Units of work per byte of output.
/// @param isPaused Whether new requests are refused.
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

/// @title The price of work
/// @notice
///
///     quote = unitPrice × (computeUnits × multiplier(tier) + inputUnits × inputRate + outputUnits × outputRate)
///
/// `unitPrice` follows demand: after each window it rises by up to 12.5 % if more work than the target was served in it, and
/// falls by up to 12.5 % if less was. Windows in which nothing happens need no transaction.
interface IFeePolicy {
    /// @notice The price of a unit of work changed, in OPG wei; it holds until the window ends, and falls after that until
    /// work is served again.
    event UnitPriceChanged(uint256 unitPrice, uint256 windowEnd);

    /// @notice The price moves by other rules from now on.
    event PriceRulesChanged(PriceRules rules);

    /// @notice A unit of work is something else from now on.
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

    /// @notice Sets how the price moves. What was served so far has moved it by the old rules; a window begins. Governance
    /// only.
    function setPriceRules(PriceRules calldata rules) external;

    /// @notice Sets what a unit of work is, for future requests. Governance only.
    function setWorkRates(WorkRates calldata rates) external;

    /// @notice Price of an inference now, in OPG wei, without royalty. Exact: nothing is rounded.
    /// @param computeUnits Work of one inference, as the model's registration says.
    /// @param inputUnits Bytes of input.
    /// @param outputUnits Bytes of output.
    function quote(
        uint256 computeUnits,
        Tier tier,
        uint256 inputUnits,
        uint256 outputUnits
    ) external view returns (uint256 fee);

    /// @notice Price of a unit of work now, in OPG wei.
    function unitPrice() external view returns (uint256);

    /// @notice The price as it would be stored now.
    function priceState() external view returns (PriceState memory);

    /// @notice How the price moves.
    function priceRules() external view returns (PriceRules memory);
}
