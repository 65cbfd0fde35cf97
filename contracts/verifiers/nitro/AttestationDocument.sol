// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CalldataReader} from "../../libraries/CalldataReader.sol";
import {Slice, Slices} from "../../types/Slice.sol";
import {Cbor} from "./Cbor.sol";

/// @notice Where the parts of an attestation document are. A part that is not there has no bytes.
/// @param payload The signed payload, with the head of its string.
/// @param payloadContent The same without.
/// @param signature r ‖ s, 48 bytes each.
/// @param timestampMs Unix time in milliseconds, by the clock of the security module.
/// @param pcrs PCR0, PCR1 and PCR2, 48 bytes each.
/// @param certificate That of the enclave.
/// @param bundle Those of the authorities, from the root downwards.
struct Attestation {
    Slice payload;
    Slice payloadContent;
    Slice signature;
    uint256 timestampMs;
    Slice[3] pcrs;
    Slice certificate;
    Slice[] bundle;
    Slice publicKey;
    Slice userData;
    Slice nonce;
}

/// @title Reader of Nitro attestation documents: COSE_Sign1 (RFC 9052) around a CBOR map
/// @dev The members, their types and limits are those of AWS's "Verifying the root of trust"; what is not in that text is refused.
/// Where it leaves the length of a thing open, or says more than the digest allows, the limits below are ours.
library AttestationDocument {
    using CalldataReader for bytes;
    using Cbor for bytes;

    /// @dev Certificates in a bundle: AWS has four. With more than six, one transaction could not pay for their signatures.
    uint256 internal constant MAX_BUNDLE = 6;

    uint256 internal constant PCR_BYTES = 48;
    uint256 private constant MAX_PCRS = 32;
    uint256 private constant MAX_MODULE_ID = 128;
    uint256 private constant MAX_CERTIFICATE = 1024;
    uint256 private constant MAX_PUBLIC_KEY = 1024;
    uint256 private constant MAX_USER_DATA = 512;
    uint256 private constant MAX_NONCE = 512;
    uint256 private constant SIGNATURE_BYTES = 96;

    /// @dev CBOR's tag 18, which AWS's text puts in front and its hardware does not.
    bytes32 private constant TAG = hex"d2";

    /// @dev An array of four: the protected header as a string of four bytes, {1: -35}, that is ES384; no unprotected one.
    bytes32 private constant HEADER = hex"8444a1013822a0";
    uint256 private constant HEADER_BYTES = 7;

    /// @dev "Signature1", the protected header, no external data: what precedes the payload in what is signed.
    bytes internal constant SIGNED_PREFIX = hex"846a5369676e61747572653144a101382240";

    // Names of members as one word: up to 31 bytes, and how many in the last one.
    bytes32 private constant MODULE_ID = bytes32("module_id") | bytes32(uint256(9));
    bytes32 private constant DIGEST = bytes32("digest") | bytes32(uint256(6));
    bytes32 private constant TIMESTAMP = bytes32("timestamp") | bytes32(uint256(9));
    bytes32 private constant PCRS = bytes32("pcrs") | bytes32(uint256(4));
    bytes32 private constant CERTIFICATE = bytes32("certificate") | bytes32(uint256(11));
    bytes32 private constant BUNDLE = bytes32("cabundle") | bytes32(uint256(8));
    bytes32 private constant PUBLIC_KEY = bytes32("public_key") | bytes32(uint256(10));
    bytes32 private constant USER_DATA = bytes32("user_data") | bytes32(uint256(9));
    bytes32 private constant NONCE = bytes32("nonce") | bytes32(uint256(5));

    /// @dev The only digest that ES384 goes with.
    bytes32 private constant SHA384 = bytes32("SHA384") | bytes32(uint256(6));

    // Bits of the members that were there.
    uint256 private constant HAS_MODULE_ID = 1;
    uint256 private constant HAS_DIGEST = 2;
    uint256 private constant HAS_TIMESTAMP = 4;
    uint256 private constant HAS_PCRS = 8;
    uint256 private constant HAS_CERTIFICATE = 16;
    uint256 private constant HAS_BUNDLE = 32;
    uint256 private constant HAS_PUBLIC_KEY = 64;
    uint256 private constant HAS_USER_DATA = 128;
    uint256 private constant HAS_NONCE = 256;
    uint256 private constant REQUIRED = 63;

    /// @dev PCR0, PCR1 and PCR2.
    uint256 private constant REQUIRED_PCRS = 7;

    /// @notice No COSE_Sign1 with ES384 as its only header.
    error AttestationDocumentWrongHeader(bytes32 found);

    /// @notice A member that there is not; with at most 32 bytes of its name.
    error AttestationDocumentUnknownMember(uint256 offset, bytes32 name);

    /// @notice The same member, or the same register, twice.
    error AttestationDocumentDuplicate(uint256 offset);

    /// @notice Members, or registers, are missing: those whose bit is in `wanted`, but not in `found`.
    error AttestationDocumentIncomplete(uint256 found, uint256 wanted);

    /// @notice Made with another hash function than SHA-384.
    error AttestationDocumentWrongDigest(bytes32 found);

    /// @notice There is no register with this number.
    error AttestationDocumentWrongRegister(uint256 index, uint256 limit);

    /// @notice More certificates than there may be, or none.
    error AttestationDocumentBadBundle(uint256 length, uint256 limit);

    /// @dev Reads a whole document. Says nothing about its signatures.
    function parse(bytes calldata document) internal pure returns (Attestation memory attestation) {
        uint256 end = document.length;
        uint256 offset = document.has(0, end, TAG, 1) ? 1 : 0;
        require(
            document.has(offset, end, HEADER, HEADER_BYTES),
            AttestationDocumentWrongHeader(document.wordAt(offset))
        );
        offset += HEADER_BYTES;

        uint256 next;
        (attestation.payloadContent, next) = document.readString(offset, end, Cbor.BYTES);
        attestation.payload = Slices.between(offset, next);
        (attestation.signature, offset) = document.readString(next, end, Cbor.BYTES);
        Cbor.requireSize(attestation.signature, SIGNATURE_BYTES, SIGNATURE_BYTES);
        Cbor.requireEnd(offset, end);
        _readPayload(attestation, document, next);
    }

    function _readPayload(Attestation memory attestation, bytes calldata document, uint256 end) private pure {
        (uint256 left, uint256 offset) = document.enter(attestation.payloadContent.start(), end, Cbor.MAP);
        uint256 seen;
        while (true) {
            bool isLast;
            (isLast, left, offset) = document.isOver(offset, end, left);
            if (isLast) break;
            (seen, offset) = _readMember(attestation, document, offset, end, seen);
        }
        Cbor.requireEnd(offset, end);
        require(seen & REQUIRED == REQUIRED, AttestationDocumentIncomplete(seen, REQUIRED));
    }

    function _readMember(
        Attestation memory attestation,
        bytes calldata document,
        uint256 offset,
        uint256 end,
        uint256 seen
    ) private pure returns (uint256 nowSeen, uint256 next) {
        (Slice name, uint256 value) = document.readString(offset, end, Cbor.TEXT);
        uint256 member = _memberOf(_wordOf(document, name), offset);
        require(seen & member == 0, AttestationDocumentDuplicate(offset));

        if (member >= HAS_PUBLIC_KEY) next = _readOptional(attestation, document, value, end, member);
        else next = _readRequired(attestation, document, value, end, member);
        return (seen | member, next);
    }

    /// @dev A string of at most 31 bytes and its length; of a longer one, what is like nothing that is looked for.
    function _wordOf(bytes calldata document, Slice slice) private pure returns (bytes32) {
        uint256 size = slice.size();
        bytes32 word = document.wordAt(slice.start());
        if (size > 31) return word | bytes32(uint256(0xff));
        uint256 behind = 256 - 8 * size;
        return ((word >> behind) << behind) | bytes32(size);
    }

    function _memberOf(bytes32 name, uint256 offset) private pure returns (uint256) {
        if (name == MODULE_ID) return HAS_MODULE_ID;
        if (name == DIGEST) return HAS_DIGEST;
        if (name == TIMESTAMP) return HAS_TIMESTAMP;
        if (name == PCRS) return HAS_PCRS;
        if (name == CERTIFICATE) return HAS_CERTIFICATE;
        if (name == BUNDLE) return HAS_BUNDLE;
        return _optionalMemberOf(name, offset);
    }

    function _optionalMemberOf(bytes32 name, uint256 offset) private pure returns (uint256) {
        if (name == PUBLIC_KEY) return HAS_PUBLIC_KEY;
        if (name == USER_DATA) return HAS_USER_DATA;
        require(name == NONCE, AttestationDocumentUnknownMember(offset, name));
        return HAS_NONCE;
    }

    /// @dev A string of bytes or null.
    function _readOptional(
        Attestation memory attestation,
        bytes calldata document,
        uint256 offset,
        uint256 end,
        uint256 member
    ) private pure returns (uint256 next) {
        if (document.isNull(offset, end)) return offset + 1;
        Slice value;
        (value, next) = document.readString(offset, end, Cbor.BYTES);
        if (member == HAS_PUBLIC_KEY) {
            Cbor.requireSize(value, 1, MAX_PUBLIC_KEY);
            attestation.publicKey = value;
        } else if (member == HAS_USER_DATA) {
            Cbor.requireSize(value, 0, MAX_USER_DATA);
            attestation.userData = value;
        } else {
            Cbor.requireSize(value, 0, MAX_NONCE);
            attestation.nonce = value;
        }
    }

    function _readRequired(
        Attestation memory attestation,
        bytes calldata document,
        uint256 offset,
        uint256 end,
        uint256 member
    ) private pure returns (uint256 next) {
        if (member == HAS_PCRS) return _readPcrs(attestation, document, offset, end);
        if (member == HAS_BUNDLE) return _readBundle(attestation, document, offset, end);
        if (member == HAS_CERTIFICATE) {
            (attestation.certificate, next) = _readCertificate(document, offset, end);
        } else if (member == HAS_TIMESTAMP) {
            (attestation.timestampMs, next) = document.readHead(offset, end, Cbor.UNSIGNED);
        } else {
            Slice text;
            (text, next) = document.readString(offset, end, Cbor.TEXT);
            if (member == HAS_MODULE_ID) {
                Cbor.requireSize(text, 1, MAX_MODULE_ID);
            } else {
                bytes32 digest = _wordOf(document, text);
                require(digest == SHA384, AttestationDocumentWrongDigest(digest));
            }
        }
    }

    function _readCertificate(
        bytes calldata document,
        uint256 offset,
        uint256 end
    ) private pure returns (Slice certificate, uint256 next) {
        (certificate, next) = document.readString(offset, end, Cbor.BYTES);
        Cbor.requireSize(certificate, 1, MAX_CERTIFICATE);
    }

    function _readBundle(
        Attestation memory attestation,
        bytes calldata document,
        uint256 offset,
        uint256 end
    ) private pure returns (uint256) {
        Slice[] memory found = new Slice[](MAX_BUNDLE);
        uint256 count;
        uint256 left;
        (left, offset) = document.enter(offset, end, Cbor.ARRAY);
        while (true) {
            bool isLast;
            (isLast, left, offset) = document.isOver(offset, end, left);
            if (isLast) break;
            require(count < MAX_BUNDLE, AttestationDocumentBadBundle(count + 1, MAX_BUNDLE));
            (found[count++], offset) = _readCertificate(document, offset, end);
        }
        require(count != 0, AttestationDocumentBadBundle(0, MAX_BUNDLE));

        attestation.bundle = new Slice[](count);
        for (uint256 i = 0; i < count; i++) {
            attestation.bundle[i] = found[i];
        }
        return offset;
    }

    /// @dev A map from numbers to strings. The first three are kept.
    function _readPcrs(
        Attestation memory attestation,
        bytes calldata document,
        uint256 offset,
        uint256 end
    ) private pure returns (uint256) {
        uint256 seen;
        uint256 left;
        (left, offset) = document.enter(offset, end, Cbor.MAP);
        while (true) {
            bool isLast;
            (isLast, left, offset) = document.isOver(offset, end, left);
            if (isLast) break;
            (seen, offset) = _readPcr(attestation, document, offset, end, seen);
        }
        require(seen & REQUIRED_PCRS == REQUIRED_PCRS, AttestationDocumentIncomplete(seen, REQUIRED_PCRS));
        return offset;
    }

    function _readPcr(
        Attestation memory attestation,
        bytes calldata document,
        uint256 offset,
        uint256 end,
        uint256 seen
    ) private pure returns (uint256 nowSeen, uint256 next) {
        uint256 index;
        Slice value;
        (index, next) = document.readHead(offset, end, Cbor.UNSIGNED);
        require(index < MAX_PCRS, AttestationDocumentWrongRegister(index, MAX_PCRS));
        require((seen >> index) & 1 == 0, AttestationDocumentDuplicate(offset));

        (value, next) = document.readString(next, end, Cbor.BYTES);
        Cbor.requireSize(value, PCR_BYTES, PCR_BYTES);
        if (index < attestation.pcrs.length) attestation.pcrs[index] = value;
        return (seen | (1 << index), next);
    }
}
