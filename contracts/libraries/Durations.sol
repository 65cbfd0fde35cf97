// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Upper bounds of everything that keeps stake or money waiting
/// @dev Stake must stay slashable until the last claim against it can have been made. The contracts that set these times
/// enforce the bounds, so `unbonding ≥ longest lock + challenge window + prove window` holds by construction.
library Durations {
    /// @dev Longest time between making a request and its expiry.
    uint256 internal constant MAX_REQUEST_LIFETIME = 7 days;

    /// @dev Longest time a node may keep a request locked.
    uint256 internal constant MAX_LOCK = 1 days;

    /// @dev Oldest receipt of an enclave that is taken: of the start of the longest lock, by a clock that is an hour late.
    uint256 internal constant MAX_RECEIPT_AGE = MAX_LOCK + 1 hours;

    /// @dev Longest time an optimistic answer, or a batch of receipts, stays open to challenge.
    uint256 internal constant MAX_CHALLENGE_WINDOW = 3 days;

    /// @dev Longest time a challenged node has to bring a proof.
    uint256 internal constant MAX_PROVE_WINDOW = 1 days;

    /// @dev Longest time from an optimistic answer, or a batch, to the last word on it.
    uint256 internal constant MAX_DISPUTE = MAX_CHALLENGE_WINDOW + MAX_PROVE_WINDOW;

    /// @dev Shortest unbonding period.
    uint256 internal constant MIN_UNBONDING = MAX_LOCK + MAX_CHALLENGE_WINDOW + MAX_PROVE_WINDOW;

    /// @dev Longest unbonding period, so that stake cannot be held hostage by governance.
    uint256 internal constant MAX_UNBONDING = 60 days;

    /// @dev Time that a node has to claim what it is owed after a payer started to close a channel: a weekend's outage
    /// does not cost it its money.
    uint256 internal constant CHANNEL_CLAIM_WINDOW = 3 days;

    /// @dev What commissions change with: epoch `n` begins at `n * EPOCH`.
    uint256 internal constant EPOCH = 7 days;

    /// @dev Time after a deadline in which a missed one can be slashed for. Then the obligation is over.
    uint256 internal constant CLAIM_WINDOW = 7 days;

    /// @dev Longest time that stake can be made collateral for; a lock can be prolonged while free stake covers it.
    uint256 internal constant MAX_COLLATERAL = 60 days;

    /// @dev What a market asks for when it asks: much longer than it needs, so that it rarely has to ask again.
    uint256 internal constant ALLOTMENT = 30 days;
}
