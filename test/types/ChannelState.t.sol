// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ChannelState, ChannelStates, ChannelStatus} from "../../contracts/types/ChannelState.sol";
import {Test} from "../fixtures/Test.sol";

contract ChannelStateTest is Test {
    function testFuzz_parts_ComeBack(uint96 deposit, uint96 more, uint96 claimed, uint40 closesAt) public pure {
        ChannelState state = ChannelStates.opened(deposit).withClaimed(claimed);
        assertParts(state, ChannelStatus.Open, [uint256(deposit), claimed, 0]);
        state = state.withDeposit(more);
        assertParts(state, ChannelStatus.Open, [uint256(more), claimed, 0]);
        state = state.closing(closesAt);
        assertParts(state, ChannelStatus.Closing, [uint256(more), claimed, closesAt]);
        state = state.withClaimed(deposit);
        assertParts(state, ChannelStatus.Closing, [uint256(more), deposit, closesAt]);
        state = ChannelStates.closed(claimed);
        assertParts(state, ChannelStatus.Closed, [uint256(claimed), claimed, 0]);
        assertEq(state.remaining(), 0, "a closed channel holds nothing");
    }

    function testFuzz_remaining_IsWhatIsNotClaimed(uint96 deposit, uint96 claimed) public pure {
        claimed = uint96(bound(claimed, 0, deposit));
        ChannelState state = ChannelStates.opened(deposit).withClaimed(claimed);
        assertEq(state.remaining(), deposit - claimed, "remaining");
        assertTrue(state.isLive() && state.closing(1).isLive(), "live");
        assertFalse(ChannelStates.closed(claimed).isLive(), "closed");
        assertFalse(ChannelState.wrap(0).isLive(), "none");
    }

    function assertParts(ChannelState state, ChannelStatus status, uint256[3] memory wanted) private pure {
        assertTrue(state.status() == status, "status");
        assertEq(state.deposit(), wanted[0], "deposit");
        assertEq(state.claimed(), wanted[1], "claimed");
        assertEq(state.closesAt(), wanted[2], "closes at");
    }
}
