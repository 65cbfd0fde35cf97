// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CertificateId} from "../types/CertificateId.sol";

/// @title Certificates whose signatures were checked
/// @notice A chain begins with the root, which is fixed and trusted, and goes down: every certificate is signed by the one before. A
/// signature costs 1.5 million gas, so what was found once is kept, in one slot. Nothing else is: dates, names, revocation and all
/// other rules are checked every time, on the bytes that the caller brings.
/// In errors, `index` is the place in the chain: the root is 0, the enclave's own certificate the last.
interface ICertStore {
    /// @notice The signature of a certificate was checked, and is not looked at any more.
    /// @param issuerHash, serial See {revoke}.
    /// @param notAfter Unix time in seconds of the last second at which it holds.
    event CertificateStored(
        CertificateId indexed certificateId,
        CertificateId indexed parentId,
        bytes32 indexed issuerHash,
        uint256 serial,
        uint256 notAfter
    );

    event CertificateRevoked(bytes32 indexed issuerHash, uint256 indexed serial);

    /// @notice On Base, the root is that of AWS.
    error CertStoreWrongRoot(bytes32 rootHash, bytes32 wanted);

    /// @notice The chain begins with another certificate than the root.
    error CertStoreUntrustedRoot(bytes32 hash, bytes32 wanted);

    /// @notice There are not as many hints as there are signatures.
    error CertStoreWrongHintCount(uint256 count, uint256 wanted);

    /// @notice It does not hold yet, or not any more. Unix times in seconds.
    error CertStoreNotValidNow(uint256 index, uint256 notBefore, uint256 notAfter, uint256 timestamp);

    /// @notice The issuer that it names is not the one above it.
    error CertStoreWrongIssuer(uint256 index, bytes32 issuerHash, bytes32 wanted);

    error CertStoreRevoked(uint256 index, bytes32 issuerHash, uint256 serial);

    /// @notice It stands above another, but is not an authority's.
    error CertStoreNotAnAuthority(uint256 index);

    /// @notice It is an authority's, where the enclave's own has to be.
    error CertStoreIsAuthority(uint256 index);

    /// @notice An authority above it allows no further authority.
    error CertStoreChainTooLong(uint256 index);

    /// @notice It lacks a bit of KeyUsage: 0x04 (keyCertSign) for an authority, 0x80 (digitalSignature) otherwise.
    error CertStoreWrongUsage(uint256 index, uint256 usage, uint256 wanted);

    /// @notice It is not signed by the one above it, or its hints do not show that it is.
    error CertStoreBadSignature(uint256 index);

    /// @notice Checks the signatures of a chain and keeps what it finds, so that a document under it gets cheaper. Anybody may.
    /// @dev Without this, `verify` of {INitroVerifier} keeps authorities itself. An enclave's own certificate, which lives for
    /// three hours, is kept only if it is brought here.
    /// @param chain DER certificates: the root, authorities, and at last maybe the enclave's own.
    /// @param hints `p384Hints` of the SDK for every certificate but the root. Those of what is stored may be empty.
    function addCertificates(bytes[] calldata chain, bytes[] calldata hints) external;

    /// @notice Voids a certificate, with all below it, for good. The guardian only, which governance can make itself.
    /// @dev AWS publishes what it revokes as lists by issuer and number. A certificate need not be known to be revoked. The root
    /// cannot be: it has no issuer but itself, and is not looked up.
    /// @param issuerHash keccak256 of the issuer's Name in DER.
    /// @param serial The certificate's number.
    function revoke(bytes32 issuerHash, uint256 serial) external;

    function isRevoked(bytes32 issuerHash, uint256 serial) external view returns (bool);

    /// @notice Whether the certificate's signature, and those of all above it, were checked.
    /// @dev Says nothing about whether they still hold.
    function isStored(CertificateId certificateId) external view returns (bool);

    /// @notice keccak256 of the root's DER certificate.
    function rootHash() external view returns (bytes32);
}
