// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "./CalldataReader.sol";

/// @dev One claim, read. `meterAt` and `signatureAt` are offsets into the packed bytes.
struct PackedClaim {
    address payer;
    uint96 salt;
    uint96 amount; // of a voucher its total, of a metered claim the payer's cap
    bool metered;
    bool byContract;
    uint256 meterAt;
    uint256 signatureAt;
    uint256 end;
}

/// @title Many claims in a row of bytes
/// @dev Records follow each other without padding; the first byte says what a record is. Numbers are big-endian.
///
///     0  node                    | 0 1 | node 20 |                                                          21 bytes
///     1  voucher                 | 1 1 | payer 20 | salt 12 | cumulative 12 | r 32 | vs 32 |               109 bytes
///     3  voucher of a contract   | 3 1 | payer 20 | salt 12 | cumulative 12 | n 2 | signature n |         47 + n bytes
///     5  metered                 | 5 1 | payer 20 | salt 12 | cap 12 | METER 84 | r 32 | vs 32 |           193 bytes
///     7  metered, of a contract  | 7 1 | payer 20 | salt 12 | cap 12 | METER 84 | n 2 | signature n |    131 + n bytes
///
///     METER                      | usage 12 | timestamp 8 | r 32 | vs 32 |
///
/// A node record says whom the claims after it are for. Signatures of keys are compact (EIP-2098); those of contracts
/// are whatever the contract makes of them (ERC-1271). With payer and salt in calldata, the channel's id is computed
/// and need be neither sent nor, with both parties, stored: the same 32 bytes, and one slot less.
library PackedClaims {
    using CalldataReader for bytes;

    uint256 internal constant NODE_BYTES = 21;
    uint256 internal constant COMPACT_BYTES = 64;

    uint8 private constant NODE = 0;
    uint8 private constant CLAIM = 1;
    uint8 private constant BY_CONTRACT = 2;
    uint8 private constant METERED = 4;
    uint8 private constant KNOWN = CLAIM | BY_CONTRACT | METERED;

    uint256 private constant PAYER = 1;
    uint256 private constant SALT = 21;
    uint256 private constant AMOUNT = 33;
    uint256 private constant HEAD_BYTES = 45;

    uint256 private constant TIMESTAMP = 12;
    uint256 private constant METER_SIGNATURE = 20;
    uint256 private constant METER_BYTES = 84;
    uint256 private constant LENGTH_BYTES = 2;

    /// @dev The record that starts at `offset` ends at `end`, behind the last byte.
    error PackedClaimsTruncated(uint256 offset, uint256 end, uint256 length);

    /// @dev No record starts with this byte.
    error PackedClaimsUnknownKind(uint256 offset, uint8 kind);

    function isNodeAt(bytes calldata packed, uint256 offset) internal pure returns (bool) {
        return uint8(packed[offset]) == NODE;
    }

    function nodeAt(bytes calldata packed, uint256 offset) internal pure returns (address) {
        _requireWithin(packed, offset, offset + NODE_BYTES);
        return address(bytes20(packed.wordAt(offset + 1)));
    }

    function claimAt(bytes calldata packed, uint256 offset) internal pure returns (PackedClaim memory item) {
        uint8 kind = uint8(packed[offset]);
        require(kind & CLAIM != 0 && kind <= KNOWN, PackedClaimsUnknownKind(offset, kind));
        item.metered = kind & METERED != 0;
        item.byContract = kind & BY_CONTRACT != 0;
        item.meterAt = offset + HEAD_BYTES;
        item.signatureAt = item.meterAt + (item.metered ? METER_BYTES : 0);
        item.end = item.signatureAt + COMPACT_BYTES;
        if (item.byContract) {
            _requireWithin(packed, offset, item.signatureAt + LENGTH_BYTES);
            uint256 size = uint16(bytes2(packed.wordAt(item.signatureAt)));
            item.signatureAt += LENGTH_BYTES;
            item.end = item.signatureAt + size;
        }
        _requireWithin(packed, offset, item.end);

        item.payer = address(bytes20(packed.wordAt(offset + PAYER)));
        item.salt = uint96(bytes12(packed.wordAt(offset + SALT)));
        item.amount = uint96(bytes12(packed.wordAt(offset + AMOUNT)));
    }

    /// @dev The compact signature at `offset`.
    function compactAt(bytes calldata packed, uint256 offset) internal pure returns (bytes32 r, bytes32 vs) {
        return (packed.wordAt(offset), packed.wordAt(offset + 32));
    }

    /// @dev What the meter measured, and when.
    function usageOf(
        bytes calldata packed,
        PackedClaim memory item
    ) internal pure returns (uint96 usage, uint64 timestamp) {
        usage = uint96(bytes12(packed.wordAt(item.meterAt)));
        timestamp = uint64(bytes8(packed.wordAt(item.meterAt + TIMESTAMP)));
    }

    /// @dev The meter's signature.
    function meterSignatureOf(
        bytes calldata packed,
        PackedClaim memory item
    ) internal pure returns (bytes32 r, bytes32 vs) {
        return compactAt(packed, item.meterAt + METER_SIGNATURE);
    }

    /// @dev The signature of a payer that is a contract.
    function contractSignatureOf(
        bytes calldata packed,
        PackedClaim memory item
    ) internal pure returns (bytes calldata) {
        return packed.sliceAt(item.signatureAt, item.end - item.signatureAt);
    }

    function _requireWithin(bytes calldata packed, uint256 offset, uint256 end) private pure {
        require(end <= packed.length, PackedClaimsTruncated(offset, end, packed.length));
    }
}
