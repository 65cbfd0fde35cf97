// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFeePolicy, PriceState} from "../interfaces/IFeePolicy.sol";
import {IWorkMeter} from "../interfaces/IWorkMeter.sol";
import {Pausing} from "../governance/Pausing.sol";
import {Tier} from "../types/Tier.sol";

/// @title WorkMeter
/// @dev The part of the market that knows the price of work and counts the work served: one slot, which every request reads
/// and every settlement writes. {FeePolicy} says what becomes of it when a window ends.
abstract contract WorkMeter is IWorkMeter, Pausing {
    /// @custom:storage-location erc7201:opengradient.storage.WorkMeter
    struct MeterStorage {
        PriceState state;
    }

    bytes32 private constant METER_SLOT = bytes32(erc7201("opengradient.storage.WorkMeter"));

    /// @notice Who says how the price moves.
    IFeePolicy public immutable FEE_POLICY;

    constructor(IFeePolicy policy) {
        FEE_POLICY = policy;
    }

    // PRICE

    /// @inheritdoc IWorkMeter
    function quote(
        uint256 computeUnits,
        Tier tier,
        uint256 inputUnits,
        uint256 outputUnits
    ) external view returns (uint256 fee) {
        (, fee) = _quote(_currentState(), computeUnits, tier, inputUnits, outputUnits);
    }

    /// @dev Returns units of work, and what they cost in this window.
    function _quote(
        PriceState memory state,
        uint256 computeUnits,
        Tier tier,
        uint256 inputUnits,
        uint256 outputUnits
    ) internal pure returns (uint256 work, uint256 fee) {
        work =
            computeUnits * state.multipliers.forTier(tier) +
            inputUnits * state.inputRate +
            outputUnits * state.outputRate;
        fee = state.unitPrice * work;
    }

    // DEMAND

    /// @dev Counts work that was served. Reads no more of the slot than it needs: every settlement comes by.
    function _observe(uint256 work) internal {
        PriceState storage state = _meter().state;
        if (block.timestamp >= state.windowEnd) _closeWindows();
        // Not more than the largest value of the type.
        state.served = uint48(Math.min(state.served + work, type(uint48).max));
    }

    /// @inheritdoc IWorkMeter
    function closeWindows() external {
        _closeWindows();
    }

    /// @dev Stores the window that holds now, if it is another one.
    function _closeWindows() internal returns (PriceState memory state) {
        state = _meter().state;
        if (block.timestamp < state.windowEnd) return state;

        state = FEE_POLICY.advance(state);
        _meter().state = state;
        emit UnitPriceChanged(state.unitPrice, state.windowEnd);
    }

    /// @dev The window that holds now, for something new; the same slot says whether that is let in.
    function _openWindow() internal returns (PriceState memory state) {
        state = _closeWindows();
        require(!state.isPaused, EnforcedPause());
    }

    // PAUSE

    /// @dev The flag lies where a request reads anyway.
    function paused() public view override returns (bool) {
        return _meter().state.isPaused;
    }

    function _pause() internal override whenNotPaused {
        _meter().state.isPaused = true;
        emit Paused(_msgSender());
    }

    function _unpause() internal override whenPaused {
        _meter().state.isPaused = false;
        emit Unpaused(_msgSender());
    }

    // READ

    /// @inheritdoc IWorkMeter
    function priceState() external view returns (PriceState memory) {
        return _currentState();
    }

    function _currentState() internal view returns (PriceState memory state) {
        state = _meter().state;
        if (block.timestamp >= state.windowEnd) state = FEE_POLICY.advance(state);
    }

    function _meter() private pure returns (MeterStorage storage $) {
        bytes32 slot = METER_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
