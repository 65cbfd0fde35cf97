// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Durations} from "../../../contracts/libraries/Durations.sol";
import {Commission} from "../../../contracts/types/Commission.sol";

/// @title 25. An announced commission begins with the first epoch that is a whole one away, and changes nothing until then
contract AnnouncedCommission {
    function property(uint16 bps, uint16 nextBps, uint32 nextEpoch, uint16 wanted) external view {
        // Epochs are numbered with 32 bits.
        require(block.timestamp < uint256(type(uint32).max - 2) * Durations.EPOCH);
        Commission memory commission = Commission({bps: bps, nextBps: nextBps, nextEpoch: nextEpoch});
        Commission memory announced = commission.announce(wanted);
        uint256 begin = announced.nextEpoch * Durations.EPOCH;
        assert(begin >= block.timestamp + Durations.EPOCH);
        assert(begin < block.timestamp + 2 * Durations.EPOCH);
        assert(announced.current() == commission.current());
        assert(announced.nextBps == wanted);
    }
}
