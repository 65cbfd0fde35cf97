// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelState, ChannelStates, ChannelStatus} from "../../../contracts/types/ChannelState.sol";

/// @dev The status as the layout has it: `status` reverts where the bits are none, which proves nothing.
function statusBitsOf(ChannelState state) pure returns (uint256) {
    return uint8(ChannelState.unwrap(state) >> 232);
}

/// @title 22. A new deposit changes a channel's deposit and nothing else, a claim what is claimed and nothing else
contract ChangedChannel {
    function property(uint96 deposit, uint96 claimed, uint40 closesAt, uint96 changed) external pure {
        ChannelState state = ChannelStates.opened(deposit).withClaimed(claimed).closing(closesAt);

        ChannelState filled = state.withDeposit(changed);
        assert(statusBitsOf(filled) == uint256(ChannelStatus.Closing));
        assert(filled.deposit() == changed && filled.claimed() == claimed);
        assert(filled.closesAt() == closesAt && filled.status() == ChannelStatus.Closing);

        ChannelState drawn = state.withClaimed(changed);
        assert(statusBitsOf(drawn) == uint256(ChannelStatus.Closing));
        assert(drawn.deposit() == deposit && drawn.claimed() == changed);
        assert(drawn.closesAt() == closesAt && drawn.status() == ChannelStatus.Closing);
    }
}

/// @title 23. Opening and closing keep a channel's money and set its status and time
contract ChannelLife {
    function property(uint96 deposit, uint96 claimed, uint40 closesAt) external pure {
        ChannelState state = ChannelStates.opened(deposit);
        assert(statusBitsOf(state) == uint256(ChannelStatus.Open));
        assert(state.deposit() == deposit && state.claimed() == 0);
        assert(state.closesAt() == 0 && state.status() == ChannelStatus.Open);

        state = state.withClaimed(claimed).closing(closesAt);
        assert(statusBitsOf(state) == uint256(ChannelStatus.Closing));
        assert(state.deposit() == deposit && state.claimed() == claimed);
        assert(state.closesAt() == closesAt && state.status() == ChannelStatus.Closing);
    }
}

/// @title 24. A closed channel holds nothing, and no claim can be made on it
contract ClosedChannel {
    function property(uint96 claimed) external pure {
        ChannelState state = ChannelStates.closed(claimed);
        assert(statusBitsOf(state) == uint256(ChannelStatus.Closed));
        assert(state.remaining() == 0 && state.claimed() == claimed);
        assert(state.closesAt() == 0 && state.status() == ChannelStatus.Closed);
        assert(!state.isLive());
    }
}
