// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "../libraries/CalldataReader.sol";

/// @dev A part of bytes in calldata: `start (128 bits) ‖ length (128 bits)`. It fits into a struct, and copies nothing.
type Slice is uint256;

using Slices for Slice global;

library Slices {
    using CalldataReader for bytes;

    /// @dev Both are positions in calldata, far below 2¹²⁸.
    function between(uint256 from, uint256 to) internal pure returns (Slice) {
        return Slice.wrap((from << 128) | (to - from));
    }

    function start(Slice slice) internal pure returns (uint256) {
        return Slice.unwrap(slice) >> 128;
    }

    function size(Slice slice) internal pure returns (uint256) {
        return uint128(Slice.unwrap(slice)); // The lower half is the length.
    }

    /// @dev The part itself. The caller has cut it out of the same `data`.
    function cutFrom(Slice slice, bytes calldata data) internal pure returns (bytes calldata) {
        return data.sliceAt(slice.start(), slice.size());
    }
}
