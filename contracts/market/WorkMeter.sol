// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Pausing} from "../governance/Pausing.sol";
import {PriceState} from "../interfaces/IFeePolicy.sol";
import {IWorkMeter} from "../interfaces/IWorkMeter.sol";
import {Tier} from "../types/Tier.sol";
import {PriceBook} from "./PriceBook.sol";

/// @title WorkMeter
/// @dev The part of the market that says what work costs now, and whether new work is let in.
abstract contract WorkMeter is IWorkMeter, PriceBook, Pausing {
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

    // WINDOWS

    /// @inheritdoc IWorkMeter
    function closeWindows() external {
        _closeWindows();
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
}
