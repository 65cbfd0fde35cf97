// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Identifier of a batch of receipts: `keccak256(root ‖ head)`. Whoever has a path to a receipt, and the hash of the batch's
/// other members, can compute it.
type BatchId is bytes32;

using {equals as ==, differs as !=} for BatchId global;

function equals(BatchId a, BatchId b) pure returns (bool) {
    return BatchId.unwrap(a) == BatchId.unwrap(b);
}

function differs(BatchId a, BatchId b) pure returns (bool) {
    return BatchId.unwrap(a) != BatchId.unwrap(b);
}

library BatchIds {
    /// @param head See {InferenceBatches-head}.
    function batchIdOf(bytes32 root, bytes32 head) internal pure returns (BatchId id) {
        assembly ("memory-safe") {
            // Scratch space.
            mstore(0x00, root)
            mstore(0x20, head)
            id := keccak256(0x00, 0x40)
        }
    }
}
