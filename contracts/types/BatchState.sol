// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Where a batch stands.
///
/// - `Committed`: can be challenged, or waits for somebody to finalise it.
/// - `Final`: nobody showed anything wrong with it. For good.
/// - `Rejected`: somebody did, and others may still.
/// - `Closed`: rejected, and what was left of its collateral is the node's again.
/// - `Voided`: its enclave's key or code was voided after the fact, which is nobody's fault here.
enum BatchStatus {
    None,
    Committed,
    Final,
    Rejected,
    Closed,
    Voided
}

/// @dev State of a batch in one word.
///
///     | has leaves 8 | open demands 16 | count 16 | terms 8 | status 8 | deadline 40 | node 160 |
///
/// `deadline` is the Unix time in seconds until which the batch can be challenged, `terms` the version of the terms in force
/// when it was committed, `count` how many receipts it has, `has leaves` whether they were in calldata.
type BatchState is uint256;

using BatchStates for BatchState global;

library BatchStates {
    uint256 private constant DEADLINE_SHIFT = 160;
    uint256 private constant STATUS_SHIFT = 200;
    uint256 private constant TERMS_SHIFT = 208;
    uint256 private constant COUNT_SHIFT = 216;
    uint256 private constant OPEN_SHIFT = 232;
    uint256 private constant LEAVES_SHIFT = 248;

    /// @dev A batch that was just committed.
    function committed(
        address node_,
        uint40 deadline_,
        uint8 termsVersion_,
        uint16 count_,
        bool hasLeaves_
    ) internal pure returns (BatchState) {
        uint256 packed = (uint256(deadline_) << DEADLINE_SHIFT) | uint160(node_);
        packed |= (uint256(BatchStatus.Committed) << STATUS_SHIFT) | (uint256(termsVersion_) << TERMS_SHIFT);
        packed |= (uint256(count_) << COUNT_SHIFT) | (uint256(hasLeaves_ ? 1 : 0) << LEAVES_SHIFT);
        return BatchState.wrap(packed);
    }

    /// @dev The same batch in another status.
    function moved(BatchState state, BatchStatus to) internal pure returns (BatchState) {
        uint256 kept = BatchState.unwrap(state) & ~(uint256(type(uint8).max) << STATUS_SHIFT);
        return BatchState.wrap(kept | (uint256(to) << STATUS_SHIFT));
    }

    /// @dev The same batch with one demand more: at most two for each receipt, which fits 16 bits.
    function withDemand(BatchState state) internal pure returns (BatchState) {
        return BatchState.wrap(BatchState.unwrap(state) + (1 << OPEN_SHIFT));
    }

    /// @dev The same batch after one of its open demands ended.
    function withoutDemand(BatchState state) internal pure returns (BatchState) {
        return BatchState.wrap(BatchState.unwrap(state) - (1 << OPEN_SHIFT));
    }

    function node(BatchState state) internal pure returns (address) {
        // Truncation cuts everything else off.
        return address(uint160(BatchState.unwrap(state)));
    }

    function deadline(BatchState state) internal pure returns (uint256) {
        // Truncation cuts the status off.
        return uint40(BatchState.unwrap(state) >> DEADLINE_SHIFT);
    }

    function status(BatchState state) internal pure returns (BatchStatus) {
        return BatchStatus(uint8(BatchState.unwrap(state) >> STATUS_SHIFT));
    }

    function termsVersion(BatchState state) internal pure returns (uint8) {
        // Truncation cuts the count off.
        return uint8(BatchState.unwrap(state) >> TERMS_SHIFT);
    }

    function count(BatchState state) internal pure returns (uint256) {
        return uint16(BatchState.unwrap(state) >> COUNT_SHIFT);
    }

    /// @dev Demands that were neither answered nor expired.
    function openDemands(BatchState state) internal pure returns (uint256) {
        return uint16(BatchState.unwrap(state) >> OPEN_SHIFT);
    }

    function hasLeaves(BatchState state) internal pure returns (bool) {
        return BatchState.unwrap(state) >> LEAVES_SHIFT != 0;
    }

    /// @dev Whether somebody showed that the batch is bad.
    function isRejected(BatchState state) internal pure returns (bool) {
        BatchStatus found = state.status();
        return found == BatchStatus.Rejected || found == BatchStatus.Closed;
    }
}
