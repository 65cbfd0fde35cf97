// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Fingerprint of bytes: a polynomial over BN254's scalar field
/// @dev The bytes are cut into 31-byte big-endian words, the last one filled up with zero bytes on the right. 31 bytes stay
/// below the field order, so different bytes of one length give different words.
library PackedWords {
    /// @dev Order of BN254's scalar field.
    uint256 internal constant FIELD_ORDER =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    uint256 private constant WORD_BYTES = 31;
    uint256 private constant TWO_WORDS_BYTES = 62;

    /// @dev `Σ word[i] · point^i`, by Horner's rule.
    function evaluate(bytes memory data, uint256 point) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            let start := add(data, 0x20)
            let end := add(start, mload(data))
            // The last word must not see what lies behind the data. Nothing of that is lost: it is put back.
            let behind := mload(end)
            mstore(end, 0)

            // From the last word to the first, two a round. Sums are below 2^255, so reducing the products is enough.
            let word := add(start, mul(div(sub(sub(end, start), 1), WORD_BYTES), WORD_BYTES))
            for {} gt(word, start) {
                word := sub(word, TWO_WORDS_BYTES)
            } {
                value := add(mulmod(value, point, FIELD_ORDER), shr(8, mload(word)))
                value := add(mulmod(value, point, FIELD_ORDER), shr(8, mload(sub(word, WORD_BYTES))))
            }
            // Of an odd number of words the first is left.
            if eq(word, start) {
                value := add(mulmod(value, point, FIELD_ORDER), shr(8, mload(word)))
            }
            value := mod(value, FIELD_ORDER)

            mstore(end, behind)
        }
    }
}
