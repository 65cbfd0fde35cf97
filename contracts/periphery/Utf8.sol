// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Tells whether bytes are text
/// @notice Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
library Utf8 {
    // Where the second byte of a sequence may begin and end.
    uint256 private constant LOWEST = 0x80;
    uint256 private constant HIGHEST = 0xbf;

    /// @notice Where the first bytes begin that are no character; the length if all are.
    function validLength(bytes memory text) internal pure returns (uint256 i) {
        while (i < text.length) {
            uint256 size = _sizeAt(text, i);
            if (size == 0) return i;
            i += size;
        }
    }

    /// @dev Bytes of the character at `i`; zero if there is none.
    function _sizeAt(bytes memory text, uint256 i) private pure returns (uint256 size) {
        uint256 lead = uint8(text[i]);
        if (lead < 0x80) return 1;
        size =
            lead < 0xe0
                ? 2
                : lead < 0xf0
                    ? 3
                    : 4;
        // 0x80 … 0xc1 continue a character, or would write a shorter one at length.
        if (lead < 0xc2 || lead > 0xf4 || text.length - i < size) return 0;
        if (!_isSecond(lead, uint8(text[i + 1]))) return 0;
        for (uint256 j = 2; j < size; ++j) {
            if (!_isBetween(uint8(text[i + j]), LOWEST, HIGHEST)) return 0;
        }
    }

    /// @dev The second byte is what keeps out overlong forms (after e0, f0), surrogates (ed) and too large numbers (f4).
    function _isSecond(uint256 lead, uint256 second) private pure returns (bool) {
        if (lead == 0xe0) return _isBetween(second, 0xa0, HIGHEST);
        if (lead == 0xed) return _isBetween(second, LOWEST, 0x9f);
        if (lead == 0xf0) return _isBetween(second, 0x90, HIGHEST);
        if (lead == 0xf4) return _isBetween(second, LOWEST, 0x8f);
        return _isBetween(second, LOWEST, HIGHEST);
    }

    function _isBetween(uint256 value, uint256 lowest, uint256 highest) private pure returns (bool) {
        return value >= lowest && value <= highest;
    }
}
