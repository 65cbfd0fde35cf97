// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Outcome, RequestState, RequestStates, RequestStatus} from "../../contracts/types/RequestState.sol";
import {Test} from "../fixtures/Test.sol";

contract RequestStateTest is Test {
    function testFuzz_locked_Keeps_NodeAndTimes(address node, uint40 lockTime, uint40 deadline) public pure {
        RequestState state = RequestStates.locked(node, lockTime, deadline);
        assertEq(state.node(), node, "node");
        assertEq(state.deadline(), deadline, "deadline");
        assertEq(state.lockTime(), lockTime, "lock time");
        assertTrue(state.status() == RequestStatus.Locked, "status");
        assertTrue(state.isLocked() && !state.isSettled(), "predicates");
        assertTrue(state.outcome() == Outcome.None, "outcome");
    }

    function testFuzz_ended_Keeps_NodeAndOutcome(address node, uint40 lockTime, uint40 deadline) public pure {
        RequestState locked = RequestStates.locked(node, lockTime, deadline);
        RequestState challenged = locked.moved(RequestStatus.Challenged, deadline);
        _assertEnded(locked.served(node), RequestStatus.Fulfilled, Outcome.Served, node);
        _assertEnded(RequestState.wrap(0).served(node), RequestStatus.Fulfilled, Outcome.Served, node);
        _assertEnded(challenged.served(node), RequestStatus.Fulfilled, Outcome.ChallengedLost, node);
        _assertEnded(RequestStates.expired(node), RequestStatus.Expired, Outcome.Expired, node);
        _assertEnded(RequestStates.rejected(node), RequestStatus.Rejected, Outcome.Rejected, node);
    }

    function _assertEnded(RequestState state, RequestStatus status, Outcome outcome, address node) private pure {
        assertTrue(state.status() == status, "status");
        assertTrue(state.outcome() == outcome, "outcome");
        assertEq(state.node(), node, "node");
        assertTrue(state.isSettled() && !state.isLocked(), "predicates");
        assertEq(state.deadline() + state.lockTime(), 0, "times");
    }

    function test_zero_IsNone() public pure {
        RequestState state = RequestState.wrap(0);
        assertTrue(state.status() == RequestStatus.None, "status");
        assertFalse(state.isLocked() || state.isSettled(), "predicates");
    }
}
