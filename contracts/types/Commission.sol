// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Durations} from "../libraries/Durations.sol";

/// @notice An operator's share of the rewards that its pool earns.
struct Commission {
    uint16 bps; // in force until `nextEpoch` begins
    uint16 nextBps; // in force from then on
    uint32 nextEpoch; // number of the epoch; zero if nothing was ever announced
}

using Commissions for Commission global;

/// @dev Epochs are counted from 1970: epoch `n` begins at `n * Durations.EPOCH`.
library Commissions {
    /// @dev The commission in force.
    function current(Commission memory commission) internal view returns (uint16) {
        return block.timestamp >= commission.nextEpoch * Durations.EPOCH ? commission.nextBps : commission.bps;
    }

    /// @dev The same commission with a change announced. It takes effect with the first epoch that begins a whole epoch
    /// from now or later, so that one second before an epoch is no better time for a surprise than any other. An
    /// announcement that is not in force yet is replaced.
    function announce(Commission memory commission, uint16 nextBps) internal view returns (Commission memory) {
        uint256 nextEpoch = (block.timestamp + 2 * Durations.EPOCH - 1) / Durations.EPOCH;
        // An epoch's number fits 32 bits for the next eighty million years.
        return Commission({bps: current(commission), nextBps: nextBps, nextEpoch: uint32(nextEpoch)});
    }
}
