// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Words at fixed places of calldata
/// @dev Slicing checks both bounds each time; a caller that has checked the length once reads here.
library CalldataReader {
    /// @dev The 32 bytes from `offset` on. The caller has checked that they are inside `data`; beyond it this would read
    /// whatever comes next in the calldata.
    function wordAt(bytes calldata data, uint256 offset) internal pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(data.offset, offset))
        }
    }

    /// @dev The `size` bytes from `offset` on, under the same condition.
    function sliceAt(bytes calldata data, uint256 offset, uint256 size) internal pure returns (bytes calldata slice) {
        assembly ("memory-safe") {
            slice.offset := add(data.offset, offset)
            slice.length := size
        }
    }

    /// @dev keccak256 of the `size` bytes from `offset` on, under the same condition.
    function hashAt(bytes calldata data, uint256 offset, uint256 size) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            calldatacopy(m, add(data.offset, offset), size)
            hash := keccak256(m, size)
        }
    }

    /// @dev Fills `target` with bytes from `offset` on, as many as it has, under the same condition.
    function copyAt(bytes calldata data, uint256 offset, bytes memory target) internal pure {
        assembly ("memory-safe") {
            calldatacopy(add(target, 0x20), add(data.offset, offset), mload(target))
        }
    }

    /// @dev Whether there are `size` bytes from `offset` to `end`, and they are those that `wanted` begins with. For 1 to 32 of them.
    function has(
        bytes calldata data,
        uint256 offset,
        uint256 end,
        bytes32 wanted,
        uint256 size
    ) internal pure returns (bool) {
        // Offsets are far below 2²⁵⁶, and the size is at most 32.
        unchecked {
            return offset + size <= end && (wordAt(data, offset) ^ wanted) >> (256 - 8 * size) == 0;
        }
    }
}
