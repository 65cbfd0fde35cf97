// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "../../libraries/CalldataReader.sol";

/// @title Reader of DER (ITU-T X.690), as far as certificates need it
/// @dev Elements are read where they lie. `end` is always that of the element around: nothing is read beyond it. What an
/// offset is of, the caller knows.
library Der {
    using CalldataReader for bytes;

    uint256 internal constant BOOLEAN = 0x01;
    uint256 internal constant INTEGER = 0x02;
    uint256 internal constant BIT_STRING = 0x03;
    uint256 internal constant OCTET_STRING = 0x04;
    uint256 internal constant OBJECT_IDENTIFIER = 0x06;
    uint256 internal constant UTC_TIME = 0x17;
    uint256 internal constant GENERALIZED_TIME = 0x18;
    uint256 internal constant SEQUENCE = 0x30;
    uint256 internal constant EXTENSIONS = 0xa3;

    /// @notice An element would end behind what is around it.
    error DerTruncated(uint256 offset, uint256 end);

    /// @notice There is another element than there has to be.
    error DerWrongTag(uint256 offset, uint256 tag, uint256 wanted);

    /// @notice A length is not written in the one form that DER has for it, or is above 65,535.
    error DerBadLength(uint256 offset);

    /// @notice An integer is negative, has a needless zero in front, no bytes at all, or more than it may.
    error DerBadInteger(uint256 offset, uint256 length, uint256 limit);

    /// @notice There is something behind the last element.
    error DerTrailingBytes(uint256 offset, uint256 end);

    /// @dev Where the content of the element at `offset` begins, and where it ends. Its tag must be `tag`.
    function enter(
        bytes calldata der,
        uint256 offset,
        uint256 end,
        uint256 tag
    ) internal pure returns (uint256 content, uint256 next) {
        // Offsets are at most `end` plus a few, the length of calldata, and lengths at most 65,535: no sum overflows.
        unchecked {
            require(offset + 2 <= end, DerTruncated(offset, end));
            uint256 word = uint256(der.wordAt(offset));
            require(word >> 248 == tag, DerWrongTag(offset, word >> 248, tag));

            // A length below 128 stands in one byte, above in as few as hold it, behind one that counts them.
            uint256 length = uint8(word >> 240);
            content = offset + 2;
            if (length > 0x7f) {
                (length, content) = _readLongLength(word, offset);
            }
            next = content + length;
            require(next <= end, DerTruncated(offset, end));
        }
    }

    /// @dev The same for a length above 127, out of the element's first bytes.
    function _readLongLength(uint256 word, uint256 offset) private pure returns (uint256 length, uint256 content) {
        uint256 form = uint8(word >> 240);
        require(form == 0x81 || form == 0x82, DerBadLength(offset));
        length = form == 0x81 ? uint8(word >> 232) : uint16(word >> 224);
        require(length > (form == 0x81 ? 0x7f : 0xff), DerBadLength(offset));
        content = offset + (form == 0x81 ? 3 : 4);
    }

    /// @dev A number of at most `limit` bytes, at most 64, that is not negative; in two words.
    function readUnsigned(
        bytes calldata der,
        uint256 offset,
        uint256 end,
        uint256 limit
    ) internal pure returns (uint256 high, uint256 low, uint256 next) {
        uint256 content;
        (content, next) = enter(der, offset, end, INTEGER);
        // An element ends behind its beginning, and has at most 64 bytes where they are counted in bits.
        unchecked {
            uint256 length = next - content;
            require(length != 0, DerBadInteger(offset, length, limit));
            uint256 first = uint256(der.wordAt(content)) >> 240;
            require(first < 0x8000, DerBadInteger(offset, length, limit));
            if (length > 1 && first < 0x100) {
                // The zero is there to keep the next bit from being taken for a sign, and only for that.
                require(first > 0x7f, DerBadInteger(offset, length, limit));
                (content, length) = (content + 1, length - 1);
            }
            require(length <= limit, DerBadInteger(offset, length, limit));

            if (length <= 32) return (0, uint256(der.wordAt(content)) >> (256 - 8 * length), next);
            high = uint256(der.wordAt(content)) >> (512 - 8 * length);
            low = uint256(der.wordAt(next - 32));
        }
    }

    function requireEnd(uint256 offset, uint256 end) internal pure {
        require(offset == end, DerTrailingBytes(offset, end));
    }
}
