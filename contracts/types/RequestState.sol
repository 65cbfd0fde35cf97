// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Where a request stands. `None` is also the status of an open request: that it was made, and not yet settled, is
/// told by its money in `FeeEscrow`, so making a request writes no state of its own.
enum RequestStatus {
    None,
    Locked,
    Posted,
    Challenged,
    Fulfilled,
    Expired,
    Rejected
}

/// @dev How a request ended, and for whom that is a failure: what is known of it for good.
///
/// - `Served`: answered and paid.
/// - `Expired`: not answered in time, by the node that had locked it or, if there is none, by nobody.
/// - `Rejected`: its answer was challenged and not proved; the node failed.
/// - `ChallengedLost`: its answer was challenged and proved, and is paid; the challenger failed.
enum Outcome {
    None,
    Served,
    Expired,
    Rejected,
    ChallengedLost
}

/// @dev State of a request in one word. After settlement it stays for good, so that no request can be made or settled twice.
///
///     | outcome 8 | lock time 40 | status 8 | deadline 40 | node 160 |
///
/// `node` locked or served the request; `deadline` is the Unix time in seconds until which a locking node has the request
/// to itself, a posted answer can be challenged, or a challenged one proved, and `lockTime` when the node locked it, which
/// fixed the price; both are zero otherwise.
type RequestState is uint256;

using RequestStates for RequestState global;

library RequestStates {
    uint256 private constant DEADLINE_SHIFT = 160;
    uint256 private constant STATUS_SHIFT = 200;
    uint256 private constant LOCK_TIME_SHIFT = 208;
    uint256 private constant OUTCOME_SHIFT = 248;

    /// @dev A request that `locker` keeps to itself from `since` until `until`.
    function locked(address locker, uint40 since, uint40 until) internal pure returns (RequestState) {
        RequestState packed = _pack(RequestStatus.Locked, until, locker);
        return RequestState.wrap(RequestState.unwrap(packed) | (uint256(since) << LOCK_TIME_SHIFT));
    }

    /// @dev The request, served by `server`.
    function served(RequestState state, address server) internal pure returns (RequestState) {
        bool wasChallenged = _statusByte(state) == uint8(RequestStatus.Challenged);
        return _ended(RequestStatus.Fulfilled, wasChallenged ? Outcome.ChallengedLost : Outcome.Served, server);
    }

    /// @dev A request that nobody served; `locker` had locked it, or is zero.
    function expired(address locker) internal pure returns (RequestState) {
        return _ended(RequestStatus.Expired, Outcome.Expired, locker);
    }

    /// @dev A request whose challenged answer `locker` did not prove.
    function rejected(address locker) internal pure returns (RequestState) {
        return _ended(RequestStatus.Rejected, Outcome.Rejected, locker);
    }

    /// @dev The same request, locked by the same node at the same time, in another status with another deadline.
    function moved(RequestState state, RequestStatus to, uint40 until) internal pure returns (RequestState) {
        uint256 replaced = (uint256(type(uint8).max) << STATUS_SHIFT) | (uint256(type(uint40).max) << DEADLINE_SHIFT);
        uint256 kept = RequestState.unwrap(state) & ~replaced;
        return RequestState.wrap(kept | (uint256(to) << STATUS_SHIFT) | (uint256(until) << DEADLINE_SHIFT));
    }

    function status(RequestState state) internal pure returns (RequestStatus) {
        return RequestStatus(_statusByte(state));
    }

    function deadline(RequestState state) internal pure returns (uint256) {
        // Truncation cuts the status off.
        return uint40(RequestState.unwrap(state) >> DEADLINE_SHIFT);
    }

    function lockTime(RequestState state) internal pure returns (uint256) {
        return uint40(RequestState.unwrap(state) >> LOCK_TIME_SHIFT);
    }

    function outcome(RequestState state) internal pure returns (Outcome) {
        return Outcome(uint8(RequestState.unwrap(state) >> OUTCOME_SHIFT));
    }

    function node(RequestState state) internal pure returns (address) {
        // Truncation cuts status and deadline off.
        return address(uint160(RequestState.unwrap(state)));
    }

    function isLocked(RequestState state) internal pure returns (bool) {
        return _statusByte(state) == uint8(RequestStatus.Locked);
    }

    /// @dev Whether a node has or had the request to itself, and has collateral behind it unless it is settled.
    function isTaken(RequestState state) internal pure returns (bool) {
        return _statusByte(state) != uint8(RequestStatus.None);
    }

    function isSettled(RequestState state) internal pure returns (bool) {
        return _statusByte(state) >= uint8(RequestStatus.Fulfilled);
    }

    /// @dev The status as a number, which need not be checked to name one.
    function _statusByte(RequestState state) private pure returns (uint8) {
        return uint8(RequestState.unwrap(state) >> STATUS_SHIFT);
    }

    function _ended(RequestStatus status_, Outcome outcome_, address node_) private pure returns (RequestState) {
        RequestState packed = _pack(status_, 0, node_);
        return RequestState.wrap(RequestState.unwrap(packed) | (uint256(outcome_) << OUTCOME_SHIFT));
    }

    function _pack(RequestStatus status_, uint40 deadline_, address node_) private pure returns (RequestState) {
        return
            RequestState.wrap(
                (uint256(status_) << STATUS_SHIFT) | (uint256(deadline_) << DEADLINE_SHIFT) | uint160(node_)
            );
    }
}
