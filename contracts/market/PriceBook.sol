// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFeePolicy, PriceState} from "../interfaces/IFeePolicy.sol";
import {IWorkMeter} from "../interfaces/IWorkMeter.sol";

/// @title PriceBook
/// @dev The part of the market that keeps the price of work and counts the work served: one slot, which every request reads
/// and every settlement writes. {FeePolicy} says what becomes of it when a window ends.
abstract contract PriceBook {
    /// @custom:storage-location erc7201:opengradient.storage.PriceBook
    struct MeterStorage {
        PriceState state;
    }

    bytes32 private constant METER_SLOT = bytes32(erc7201("opengradient.storage.PriceBook"));

    /// @notice Who says how the price moves.
    IFeePolicy public immutable FEE_POLICY;

    constructor(IFeePolicy policy) {
        FEE_POLICY = policy;
    }

    /// @dev Counts work that was served. Reads no more of the slot than it needs: every settlement comes by.
    function _observe(uint256 work) internal {
        PriceState storage state = _meter().state;
        if (block.timestamp >= state.windowEnd) _closeWindows();
        // Not more than the largest value of the type.
        state.served = uint48(Math.min(state.served + work, type(uint48).max));
    }

    /// @dev Stores the window that holds now, if it is another one.
    function _closeWindows() internal returns (PriceState memory state) {
        state = _meter().state;
        if (block.timestamp < state.windowEnd) return state;

        state = FEE_POLICY.advance(state);
        _meter().state = state;
        emit IWorkMeter.UnitPriceChanged(state.unitPrice, state.windowEnd);
    }

    function _currentState() internal view returns (PriceState memory state) {
        state = _meter().state;
        if (block.timestamp >= state.windowEnd) state = FEE_POLICY.advance(state);
    }

    function _meter() internal pure returns (MeterStorage storage $) {
        bytes32 slot = METER_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
