// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "../../libraries/CalldataReader.sol";
import {Slice, Slices} from "../../types/Slice.sol";

/// @title Reader of CBOR (RFC 8949), as far as attestation documents need it
/// @dev Every item is asked for by its type, so nothing can be nested deeper than the reader goes. Counts and lengths have to be
/// in their shortest form; maps and arrays may be of indefinite length (AWS writes such maps since 2025), strings may not.
library Cbor {
    using CalldataReader for bytes;

    uint256 internal constant UNSIGNED = 0;
    uint256 internal constant BYTES = 2;
    uint256 internal constant TEXT = 3;
    uint256 internal constant ARRAY = 4;
    uint256 internal constant MAP = 5;

    uint256 private constant NULL = 0xf6;
    uint256 private constant BREAK = 0xff;

    /// @dev In the lower five bits of the first byte: no count, but a break at the end.
    uint256 private constant INDEFINITE = 31;

    /// @dev What is left of an array or map of indefinite length.
    uint256 private constant UNKNOWN = type(uint256).max;

    /// @notice An item would end behind the end.
    error CborTruncated(uint256 offset, uint256 end);

    /// @notice There is an item of another type than there has to be. Types: RFC 8949, 3.1.
    error CborWrongType(uint256 offset, uint256 found, uint256 wanted);

    /// @notice A count or length is not in its shortest form, or has none where there has to be one.
    error CborBadHead(uint256 offset);

    /// @notice A string is shorter or longer than it may be.
    error CborBadSize(uint256 offset, uint256 size, uint256 minimum, uint256 maximum);

    /// @notice There is something behind the last item.
    error CborTrailingBytes(uint256 offset, uint256 end);

    /// @dev The number, count or length of the item at `offset`, and where its content begins.
    function readHead(
        bytes calldata data,
        uint256 offset,
        uint256 end,
        uint256 kind
    ) internal pure returns (uint256 argument, uint256 next) {
        require(offset < end, CborTruncated(offset, end));
        uint256 word = uint256(data.wordAt(offset));
        require(word >> 253 == kind, CborWrongType(offset, word >> 253, kind));

        // The argument has at most eight bytes, and nothing is added to it.
        unchecked {
            argument = (word >> 248) & 0x1f;
            next = offset + 1;
            if (argument > 23) {
                // 24 to 27: in the next 1, 2, 4 or 8 bytes.
                require(argument < 28, CborBadHead(offset));
                uint256 size = 1 << (argument - 24);
                next += size;
                argument = (word << 8) >> (256 - 8 * size);
                require(argument >= (size == 1 ? 24 : 1 << (4 * size)), CborBadHead(offset));
            }
        }
        require(next <= end, CborTruncated(offset, end));
    }

    /// @dev A string of bytes or of text, where it lies. That text is UTF-8 is not checked.
    function readString(
        bytes calldata data,
        uint256 offset,
        uint256 end,
        uint256 kind
    ) internal pure returns (Slice slice, uint256 next) {
        uint256 length;
        (length, offset) = readHead(data, offset, end, kind);
        // The head ended before the end, and the length is compared before it is added.
        unchecked {
            require(length <= end - offset, CborTruncated(offset, end));
            next = offset + length;
        }
        slice = Slices.between(offset, next);
    }

    function requireSize(Slice slice, uint256 minimum, uint256 maximum) internal pure {
        uint256 size = slice.size();
        require(size >= minimum && size <= maximum, CborBadSize(slice.start(), size, minimum, maximum));
    }

    /// @dev Enters an array or map: how many items or pairs are left, for {isOver}.
    function enter(
        bytes calldata data,
        uint256 offset,
        uint256 end,
        uint256 kind
    ) internal pure returns (uint256 left, uint256 next) {
        require(offset < end, CborTruncated(offset, end));
        if (uint8(data[offset]) == ((kind << 5) | INDEFINITE)) return (UNKNOWN, offset + 1);
        return readHead(data, offset, end, kind);
    }

    /// @dev Whether an array or map is at its end; if not, one less is left. Steps over the break.
    function isOver(
        bytes calldata data,
        uint256 offset,
        uint256 end,
        uint256 left
    ) internal pure returns (bool isLast, uint256 nowLeft, uint256 next) {
        if (left != UNKNOWN) return (left == 0, left == 0 ? 0 : left - 1, offset);
        require(offset < end, CborTruncated(offset, end));
        return uint8(data[offset]) == BREAK ? (true, left, offset + 1) : (false, left, offset);
    }

    /// @dev Whether there is a null at `offset`.
    function isNull(bytes calldata data, uint256 offset, uint256 end) internal pure returns (bool) {
        return offset < end && uint8(data[offset]) == NULL;
    }

    function requireEnd(uint256 offset, uint256 end) internal pure {
        require(offset == end, CborTrailingBytes(offset, end));
    }
}
