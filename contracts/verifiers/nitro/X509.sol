// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DateTimeLib} from "solady/src/utils/DateTimeLib.sol";
import {CalldataReader} from "../../libraries/CalldataReader.sol";
import {Slice, Slices} from "../../types/Slice.sol";
import {Der} from "./Der.sol";

/// @notice A certificate, as far as a chain needs it. Names are compared as bytes, so their hashes do.
/// @param tbsHash keccak256 of the TBSCertificate, which is what the issuer signed.
/// @param issuerHash keccak256 of the issuer's Name.
/// @param subjectHash keccak256 of the subject's Name.
/// @param serial Number that the issuer gave it.
/// @param notBefore Unix time in seconds of the first second at which it holds.
/// @param notAfter Unix time in seconds of the last one.
/// @param tbs Where the TBSCertificate is.
/// @param key Where the subject's point on P-384 is, x ‖ y.
/// @param signature r ‖ s of the issuer, 48 bytes each.
/// @param isAuthority Whether the subject may issue certificates.
/// @param pathLength How many certificates of further authorities may follow; `X509.NO_LIMIT` if it does not say.
/// @param usage Bits of its KeyUsage: the first in 0x80.
struct Certificate {
    bytes32 tbsHash;
    bytes32 issuerHash;
    bytes32 subjectHash;
    uint256 serial;
    uint256 notBefore;
    uint256 notAfter;
    Slice tbs;
    Slice key;
    bytes signature;
    bool isAuthority;
    uint256 pathLength;
    uint256 usage;
}

/// @title X.509 certificates (RFC 5280) of keys on P-384, signed by such
/// @dev Takes version 3 only, and only the one way in which DER writes a thing. Checks form; what is true of a certificate in its
/// chain, {CertStore} checks.
library X509 {
    using CalldataReader for bytes;
    using Der for bytes;

    uint256 internal constant MAX_BYTES = 1024;

    /// @dev Of `pathLength`: more than any chain has.
    uint256 internal constant NO_LIMIT = type(uint256).max;

    uint256 internal constant DIGITAL_SIGNATURE = 0x80;
    uint256 internal constant KEY_CERT_SIGN = 0x04;

    uint256 private constant SERIAL_BYTES = 20;
    uint256 private constant NUMBER_BYTES = 48;
    uint256 private constant KEY_BYTES = 96;

    /// @dev [0] { INTEGER 2 }: version 3.
    bytes32 private constant VERSION = hex"a003020102";
    uint256 private constant VERSION_BYTES = 5;

    /// @dev SEQUENCE { OBJECT IDENTIFIER ecdsa-with-SHA384 }.
    bytes32 private constant ALGORITHM = hex"300a06082a8648ce3d040303";
    uint256 private constant ALGORITHM_BYTES = 12;

    /// @dev SEQUENCE { SEQUENCE { id-ecPublicKey, secp384r1 }, BIT STRING that begins with 04, an uncompressed point }.
    bytes32 private constant KEY_INFO = hex"3076301006072a8648ce3d020106052b8104002203620004";
    uint256 private constant KEY_INFO_BYTES = 24;

    /// @dev id-ce-basicConstraints and id-ce-keyUsage as elements, with tag and length.
    bytes32 private constant BASIC_CONSTRAINTS = hex"0603551d13";
    bytes32 private constant KEY_USAGE = hex"0603551d0f";
    uint256 private constant EXTENSION_ID_BYTES = 5;

    bytes32 private constant GENERALIZED_TIME = bytes32(bytes1(uint8(Der.GENERALIZED_TIME)));

    /// @dev BOOLEAN true.
    bytes32 private constant TRUE = hex"0101ff";
    uint256 private constant TRUE_BYTES = 3;

    /// @notice Longer than a certificate in an attestation document may be.
    error X509TooLong(uint256 length, uint256 limit);

    /// @notice Of another version than 3.
    error X509WrongVersion(bytes32 found);

    /// @notice A serial number has to be positive.
    error X509SerialIsZero();

    /// @notice Signed by another algorithm than ECDSA with SHA-384, or says so in one of the two places.
    error X509WrongAlgorithm(uint256 offset, bytes32 found);

    /// @notice The key is not an uncompressed point of P-384.
    error X509WrongKey(bytes32 found);

    /// @notice No date, or not in the form that RFC 5280 has for its year: UTCTime until 2049, GeneralizedTime from 2050 on; in
    /// UTC, with seconds, without fractions.
    error X509BadTime(uint256 offset);

    /// @notice The same extension twice.
    error X509DuplicateExtension(uint256 offset);

    /// @notice An extension that has to be understood, and is not.
    error X509UnknownCriticalExtension(uint256 offset, bytes32 found);

    /// @notice Malformed BasicConstraints, a path length without authority, or an authority that does not insist on them.
    error X509BadConstraints(uint256 offset);

    /// @notice Malformed KeyUsage.
    error X509BadKeyUsage(uint256 offset);

    /// @dev Reads a whole certificate. Says nothing about its signature.
    function parse(bytes calldata der) internal pure returns (Certificate memory certificate) {
        require(der.length <= MAX_BYTES, X509TooLong(der.length, MAX_BYTES));
        (uint256 tbs, uint256 end) = der.enter(0, der.length, Der.SEQUENCE);
        Der.requireEnd(end, der.length);

        (uint256 content, uint256 tbsEnd) = der.enter(tbs, end, Der.SEQUENCE);
        certificate.tbs = Slices.between(tbs, tbsEnd);
        certificate.tbsHash = der.hashAt(tbs, tbsEnd - tbs);
        _readTbs(certificate, der, content, tbsEnd);

        uint256 offset = _skipAlgorithm(der, tbsEnd, end);
        _readSignature(certificate, der, offset, end);
    }

    function _readTbs(Certificate memory certificate, bytes calldata der, uint256 offset, uint256 end) private pure {
        require(der.has(offset, end, VERSION, VERSION_BYTES), X509WrongVersion(der.wordAt(offset)));
        (, certificate.serial, offset) = der.readUnsigned(offset + VERSION_BYTES, end, SERIAL_BYTES);
        require(certificate.serial != 0, X509SerialIsZero());
        offset = _skipAlgorithm(der, offset, end);
        (certificate.issuerHash, offset) = _readName(der, offset, end);
        offset = _readValidity(certificate, der, offset, end);
        (certificate.subjectHash, offset) = _readName(der, offset, end);
        offset = _readKey(certificate, der, offset, end);
        // Unique identifiers of version 2 could stand here; they have another tag and are refused.
        _readExtensions(certificate, der, offset, end);
    }

    function _skipAlgorithm(bytes calldata der, uint256 offset, uint256 end) private pure returns (uint256) {
        require(der.has(offset, end, ALGORITHM, ALGORITHM_BYTES), X509WrongAlgorithm(offset, der.wordAt(offset)));
        return offset + ALGORITHM_BYTES;
    }

    /// @dev Nothing inside a Name is looked at: it is compared with that of the parent, which the root's owner approved.
    function _readName(
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure returns (bytes32 hash, uint256 next) {
        (, next) = der.enter(offset, end, Der.SEQUENCE);
        hash = der.hashAt(offset, next - offset);
    }

    function _readKey(
        Certificate memory certificate,
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure returns (uint256 next) {
        uint256 key = offset + KEY_INFO_BYTES;
        next = key + KEY_BYTES;
        require(next <= end && der.has(offset, end, KEY_INFO, KEY_INFO_BYTES), X509WrongKey(der.wordAt(offset)));
        certificate.key = Slices.between(key, next);
    }

    // VALIDITY

    function _readValidity(
        Certificate memory certificate,
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure returns (uint256 next) {
        (offset, next) = der.enter(offset, end, Der.SEQUENCE);
        (certificate.notBefore, offset) = _readTime(der, offset, next);
        (certificate.notAfter, offset) = _readTime(der, offset, next);
        Der.requireEnd(offset, next);
    }

    /// @dev `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
    function _readTime(
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure returns (uint256 time, uint256 next) {
        bool isGeneralized = der.has(offset, end, GENERALIZED_TIME, 1);
        uint256 content;
        (content, next) = der.enter(offset, end, isGeneralized ? Der.GENERALIZED_TIME : Der.UTC_TIME);
        require(next - content == (isGeneralized ? 15 : 13), X509BadTime(offset));

        uint256 text = uint256(der.wordAt(content));
        uint256 century;
        if (isGeneralized) {
            (century, text) = _twoDigits(text, offset);
        }
        uint256 year;
        (year, text) = _twoDigits(text, offset);
        if (isGeneralized) year += 100 * century;
        else year += year < 50 ? 2000 : 1900;
        require(year >= 2050 || !isGeneralized, X509BadTime(offset));
        time = _timestamp(text, offset, year);
    }

    /// @dev `text` begins with `MMDDHHMMSSZ`.
    function _timestamp(uint256 text, uint256 offset, uint256 year) private pure returns (uint256) {
        uint256 month;
        uint256 day;
        uint256 hour;
        uint256 minute;
        uint256 second;
        (month, text) = _twoDigits(text, offset);
        (day, text) = _twoDigits(text, offset);
        (hour, text) = _twoDigits(text, offset);
        (minute, text) = _twoDigits(text, offset);
        (second, text) = _twoDigits(text, offset);
        require(
            bytes1(bytes32(text)) == "Z" && DateTimeLib.isSupportedDateTime(year, month, day, hour, minute, second),
            X509BadTime(offset)
        );
        return DateTimeLib.dateTimeToTimestamp(year, month, day, hour, minute, second);
    }

    /// @dev The number that `text` begins with, and what is behind it.
    function _twoDigits(uint256 text, uint256 offset) private pure returns (uint256 number, uint256 rest) {
        uint256 tens = (text >> 248) ^ 0x30;
        uint256 ones = uint8(text >> 240) ^ 0x30;
        require(tens < 10 && ones < 10, X509BadTime(offset));
        unchecked {
            return (10 * tens + ones, text << 16); // Digits: 99 at most.
        }
    }

    // EXTENSIONS

    function _readExtensions(
        Certificate memory certificate,
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure {
        (uint256 content, uint256 next) = der.enter(offset, end, Der.EXTENSIONS);
        Der.requireEnd(next, end);
        (offset, next) = der.enter(content, end, Der.SEQUENCE);
        Der.requireEnd(next, end);

        certificate.pathLength = NO_LIMIT;
        bool hasConstraints;
        while (offset < end) {
            (content, next) = der.enter(offset, end, Der.SEQUENCE);
            if (der.has(content, next, BASIC_CONSTRAINTS, EXTENSION_ID_BYTES)) {
                require(!hasConstraints, X509DuplicateExtension(offset));
                hasConstraints = true;
                _readConstraints(certificate, der, content + EXTENSION_ID_BYTES, next);
            } else if (der.has(content, next, KEY_USAGE, EXTENSION_ID_BYTES)) {
                // No usage is zero: the one that is read has a bit set.
                require(certificate.usage == 0, X509DuplicateExtension(offset));
                _readUsage(certificate, der, content + EXTENSION_ID_BYTES, next);
            } else {
                _skipExtension(der, content, next);
            }
            offset = next;
        }
    }

    function _skipExtension(bytes calldata der, uint256 offset, uint256 end) private pure {
        bytes32 found = der.wordAt(offset);
        (, uint256 next) = der.enter(offset, end, Der.OBJECT_IDENTIFIER);
        (bool isCritical, , ) = _enterExtension(der, next, end);
        require(!isCritical, X509UnknownCriticalExtension(offset, found));
    }

    /// @dev What follows an extension's identifier: whether it is critical, and the value, which ends the extension.
    function _enterExtension(
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure returns (bool isCritical, uint256 value, uint256 next) {
        // DER leaves out what is false.
        isCritical = der.has(offset, end, TRUE, TRUE_BYTES);
        (value, next) = der.enter(isCritical ? offset + TRUE_BYTES : offset, end, Der.OCTET_STRING);
        Der.requireEnd(next, end);
    }

    /// @dev SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }.
    function _readConstraints(
        Certificate memory certificate,
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure {
        (bool isCritical, uint256 value, ) = _enterExtension(der, offset, end);
        uint256 next;
        (value, next) = der.enter(value, end, Der.SEQUENCE);
        Der.requireEnd(next, end);
        if (value == end) return;

        require(isCritical && der.has(value, end, TRUE, TRUE_BYTES), X509BadConstraints(offset));
        certificate.isAuthority = true;
        value += TRUE_BYTES;
        if (value == end) return;
        (, certificate.pathLength, value) = der.readUnsigned(value, end, 1);
        Der.requireEnd(value, end);
    }

    /// @dev BIT STRING { count of unused bits, one or two bytes of bits }.
    function _readUsage(Certificate memory certificate, bytes calldata der, uint256 offset, uint256 end) private pure {
        (, uint256 value, ) = _enterExtension(der, offset, end);
        (uint256 content, uint256 next) = der.enter(value, end, Der.BIT_STRING);
        Der.requireEnd(next, end);
        require(next - content == 2 || next - content == 3, X509BadKeyUsage(offset));
        // In DER the last bit that is there is set, and those that are not are zero. No byte has a ninth bit to set.
        uint256 unused = uint8(der[content]);
        uint256 mask = type(uint256).max >> (255 - unused);
        require(uint8(der[next - 1]) & mask == 1 << unused, X509BadKeyUsage(offset));

        // The ninth bit, decipherOnly, has no meaning here; without it there has to be another.
        certificate.usage = uint8(der[content + 1]);
        require(certificate.usage != 0, X509BadKeyUsage(offset));
    }

    // SIGNATURE

    /// @dev BIT STRING { no unused bits, SEQUENCE { r INTEGER, s INTEGER } }.
    function _readSignature(
        Certificate memory certificate,
        bytes calldata der,
        uint256 offset,
        uint256 end
    ) private pure {
        (uint256 content, uint256 next) = der.enter(offset, end, Der.BIT_STRING);
        Der.requireEnd(next, end);
        require(der.has(content, end, 0, 1), Der.DerBadLength(content));
        (offset, next) = der.enter(content + 1, end, Der.SEQUENCE);
        Der.requireEnd(next, end);

        uint256 high;
        uint256 low;
        (high, low, offset) = der.readUnsigned(offset, end, NUMBER_BYTES);
        bytes memory r = abi.encodePacked(uint128(high), low); // 48 bytes at most, so 16 above the lower word.
        (high, low, offset) = der.readUnsigned(offset, end, NUMBER_BYTES);
        Der.requireEnd(offset, end);
        certificate.signature = bytes.concat(r, abi.encodePacked(uint128(high), low));
    }
}
