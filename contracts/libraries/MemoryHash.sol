// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Hashes of parts of bytes in memory, without copying them
library MemoryHash {
    /// @dev keccak256 of the `size` bytes from `offset` on, which the caller knows to be inside `data`.
    function hashSlice(bytes memory data, uint256 offset, uint256 size) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(add(data, 0x20), offset), size)
        }
    }
}
