// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestState, RequestStates, RequestStatus} from "../../contracts/types/RequestState.sol";
import {Test} from "../fixtures/Test.sol";

contract RequestStateTest is Test {
    function testFuzz_locked_Keeps_NodeAndTimes(address node, uint40 lockTime, uint40 deadline) public pure {
        RequestState state = RequestStates.locked(node, lockTime, deadline);
        assertEq(state.node(), node, "node");
        assertEq(state.deadline(), deadline, "deadline");
        assertEq(state.lockTime(), lockTime, "lock time");
        assertTrue(state.status() == RequestStatus.Locked, "status");
        assertTrue(state.isLocked() && !state.isSettled(), "predicates");
    }

    function testFuzz_settled_Keeps_Node(address node) public pure {
        RequestState fulfilled = RequestStates.fulfilled(node);
        RequestState expired = RequestStates.expired(node);
        assertEq(fulfilled.node(), node, "node that served");
        assertEq(expired.node(), node, "node that failed");
        assertTrue(
            fulfilled.status() == RequestStatus.Fulfilled && expired.status() == RequestStatus.Expired,
            "status"
        );
        assertTrue(fulfilled.isSettled() && expired.isSettled(), "settled");
        assertFalse(fulfilled.isLocked() || expired.isLocked(), "locked");
        assertEq(fulfilled.deadline() + expired.deadline(), 0, "deadline");
        assertEq(fulfilled.lockTime() + expired.lockTime(), 0, "lock time");
    }

    function test_zero_IsNone() public pure {
        RequestState state = RequestState.wrap(0);
        assertTrue(state.status() == RequestStatus.None, "status");
        assertFalse(state.isLocked() || state.isSettled(), "predicates");
    }
}
