// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Reads tensors from output bytes
/// @notice Elements are big-endian and in row-major order; signed ones are two's complement.
library TensorReader {
    uint256 private constant INT32_BYTES = 4;

    /// @notice The tensor has no such element.
    error TensorReaderOutOfBounds(uint256 index, uint256 length);

    /// @notice Number of elements of an int32 tensor.
    function int32Count(bytes calldata tensor) internal pure returns (uint256) {
        return tensor.length / INT32_BYTES;
    }

    /// @notice Element `index` of an int32 tensor.
    function int32At(bytes calldata tensor, uint256 index) internal pure returns (int32) {
        require(index < int32Count(tensor), TensorReaderOutOfBounds(index, int32Count(tensor)));
        uint256 start = index * INT32_BYTES;
        return int32(uint32(bytes4(tensor[start:start + INT32_BYTES])));
    }

    /// @notice Index of the largest element of an int32 tensor; the first of equal ones. The tensor must not be empty.
    function argMaxInt32(bytes calldata tensor) internal pure returns (uint256 best) {
        int32 largest = int32At(tensor, 0);
        for (uint256 i = 1; i < int32Count(tensor); ++i) {
            int32 value = int32At(tensor, i);
            if (value > largest) (best, largest) = (i, value);
        }
    }
}
