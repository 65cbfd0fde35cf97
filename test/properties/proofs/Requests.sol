// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Outcome, RequestState, RequestStates, RequestStatus} from "../../../contracts/types/RequestState.sol";

/// @dev The status as the layout has it: `status` reverts where the bits are none, which proves nothing.
function statusBitsOf(RequestState state) pure returns (uint256) {
    return uint8(RequestState.unwrap(state) >> 200);
}

/// @title 19. A locked request's state gives back node, lock time and deadline, and has no outcome
contract LockedRequest {
    function property(address node, uint40 since, uint40 until) external pure {
        RequestState state = RequestStates.locked(node, since, until);
        assert(statusBitsOf(state) == uint256(RequestStatus.Locked));
        assert(state.node() == node);
        assert(state.lockTime() == since);
        assert(state.deadline() == until);
        assert(state.status() == RequestStatus.Locked);
        assert(state.outcome() == Outcome.None && !state.isSettled());
        assert(!state.moved(RequestStatus.Posted, until).isSettled());
        assert(!state.moved(RequestStatus.Challenged, until).isSettled());
    }
}

/// @title 20. Moving a request changes its status and its deadline, and no other bit, whatever the state was
contract MovedRequest {
    function property(uint256 word, RequestStatus to, uint40 until) external pure {
        RequestState state = RequestState.wrap(word);
        RequestState next = state.moved(to, until);
        assert(statusBitsOf(next) == uint256(to));
        assert(next.status() == to);
        assert(next.deadline() == until);
        assert(next.node() == state.node());
        assert(next.lockTime() == state.lockTime());
        assert(RequestState.unwrap(next) >> 248 == word >> 248);
    }
}

/// @title 21. A settled request keeps its node, has no times, and counts as settled with its outcome; no other does
contract SettledRequest {
    function property(uint256 word, address node) external pure {
        RequestState before = RequestState.wrap(word);
        RequestState fulfilled = before.served(node);
        RequestState expired = RequestStates.expired(node);
        RequestState rejected = RequestStates.rejected(node);
        assert(statusBitsOf(fulfilled) == uint256(RequestStatus.Fulfilled));
        assert(statusBitsOf(expired) == uint256(RequestStatus.Expired));
        assert(statusBitsOf(rejected) == uint256(RequestStatus.Rejected));
        assert(fulfilled.status() == RequestStatus.Fulfilled && fulfilled.node() == node);
        assert(expired.status() == RequestStatus.Expired && expired.node() == node);
        assert(rejected.status() == RequestStatus.Rejected && rejected.node() == node);
        assert(fulfilled.deadline() + expired.deadline() + rejected.deadline() == 0);
        assert(fulfilled.lockTime() + expired.lockTime() + rejected.lockTime() == 0);
        assert(fulfilled.isSettled() && expired.isSettled() && rejected.isSettled());
        bool wasChallenged = before.status() == RequestStatus.Challenged;
        assert(fulfilled.outcome() == (wasChallenged ? Outcome.ChallengedLost : Outcome.Served));
        assert(expired.outcome() == Outcome.Expired && rejected.outcome() == Outcome.Rejected);
    }
}
