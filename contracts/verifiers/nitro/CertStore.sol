// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICertStore} from "../../interfaces/ICertStore.sol";
import {IP384Verifier} from "../../interfaces/IP384Verifier.sol";
import {ISha384Hasher} from "../../interfaces/ISha384Hasher.sol";
import {CertificateId, CertificateIds} from "../../types/CertificateId.sol";
import {Certificate, X509} from "./X509.sol";

/// @dev The end of a chain, as far as it was checked.
/// @param certificateId Identifier of the last certificate.
/// @param length How many there are.
/// @param subjectHash keccak256 of the last one's subject.
/// @param key The last one's key, x ‖ y.
/// @param isAuthority Whether it may sign certificates.
/// @param pathLength How many authorities may follow.
struct CertificateChain {
    CertificateId certificateId;
    uint256 length;
    bytes32 subjectHash;
    bytes key;
    bool isAuthority;
    uint256 pathLength;
}

/// @title Part of {NitroVerifier}: chains of certificates, and what was found about them
/// @dev A certificate's identifier is made of its whole chain, so that it was stored says that every signature from the root to
/// it was checked. It says nothing else; the caller brings the certificates again, and all that can change or depends
/// on the place is checked again.
abstract contract CertStore is ICertStore, AccessManaged {
    /// @notice What checks signatures.
    IP384Verifier public immutable P384_VERIFIER;

    /// @notice What hashes.
    ISha384Hasher public immutable SHA384_HASHER;

    uint256 private constant BASE_CHAIN_ID = 8453;

    /// @dev keccak256 of AWS's root G1, whose SHA-256 AWS publishes:
    /// 641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b.
    bytes32 private constant AWS_ROOT_HASH = 0x311d96fcd5c5e0ccf72ef548e2ea7d4c0cd53ad7c4cc49e67471aed41d61f185;

    bytes32 private immutable ROOT_HASH;

    mapping(CertificateId certificateId => bool isStored) private _stored;

    /// @dev By the hash of issuer and number.
    mapping(bytes32 nameAndSerial => bool isRevoked) private _revoked;

    constructor(
        address authority,
        IP384Verifier p384Verifier,
        ISha384Hasher sha384Hasher,
        bytes32 rootHash_
    ) AccessManaged(authority) {
        require(
            block.chainid != BASE_CHAIN_ID || rootHash_ == AWS_ROOT_HASH,
            CertStoreWrongRoot(rootHash_, AWS_ROOT_HASH)
        );
        P384_VERIFIER = p384Verifier;
        SHA384_HASHER = sha384Hasher;
        ROOT_HASH = rootHash_;
    }

    /// @inheritdoc ICertStore
    function addCertificates(bytes[] calldata chain, bytes[] calldata hints) external {
        require(chain.length != 0, CertStoreUntrustedRoot(0, ROOT_HASH));
        require(hints.length == chain.length - 1, CertStoreWrongHintCount(hints.length, chain.length - 1));

        CertificateChain memory checked = _begin(chain[0]);
        for (uint256 i = 1; i < chain.length; i++) {
            _append(checked, chain[i], hints[i - 1], true);
        }
    }

    /// @inheritdoc ICertStore
    function revoke(bytes32 issuerHash, uint256 serial) external restricted {
        _revoked[_nameAndSerial(issuerHash, serial)] = true;
        emit CertificateRevoked(issuerHash, serial);
    }

    /// @inheritdoc ICertStore
    function isRevoked(bytes32 issuerHash, uint256 serial) public view returns (bool) {
        return _revoked[_nameAndSerial(issuerHash, serial)];
    }

    /// @inheritdoc ICertStore
    function isStored(CertificateId certificateId) external view returns (bool) {
        return _stored[certificateId];
    }

    /// @inheritdoc ICertStore
    function rootHash() external view returns (bytes32) {
        return ROOT_HASH;
    }

    /// @dev A chain of the root alone. Its signature is not checked: it is trusted because it is this one.
    function _begin(bytes calldata der) internal view returns (CertificateChain memory chain) {
        bytes32 hash = keccak256(der);
        require(hash == ROOT_HASH, CertStoreUntrustedRoot(hash, ROOT_HASH));

        Certificate memory certificate = X509.parse(der);
        _requireHolds(certificate, 0);
        chain.pathLength = X509.NO_LIMIT;
        _advance(chain, certificate, der, CertificateId.wrap(hash));
    }

    /// @dev Adds one certificate to the chain, or reverts with what is wrong with it there.
    /// @param keep Whether its signature, if it had to be checked, is to be remembered.
    function _append(CertificateChain memory chain, bytes calldata der, bytes calldata hints, bool keep) internal {
        Certificate memory certificate = X509.parse(der);
        uint256 index = chain.length;
        bytes32 issuerHash = certificate.issuerHash;
        require(chain.isAuthority, CertStoreNotAnAuthority(index - 1));
        require(issuerHash == chain.subjectHash, CertStoreWrongIssuer(index, issuerHash, chain.subjectHash));
        require(!certificate.isAuthority || chain.pathLength != 0, CertStoreChainTooLong(index));
        require(!isRevoked(issuerHash, certificate.serial), CertStoreRevoked(index, issuerHash, certificate.serial));
        _requireHolds(certificate, index);

        CertificateId certificateId = CertificateIds.certificateIdOf(chain.certificateId, certificate.tbsHash);
        if (!_stored[certificateId]) {
            (bytes32 high, bytes16 low) = SHA384_HASHER.hash(certificate.tbs.cutFrom(der));
            require(_isSigned(high, low, certificate.signature, chain.key, hints), CertStoreBadSignature(index));
            if (keep) _store(certificateId, chain.certificateId, certificate);
        }
        _advance(chain, certificate, der, certificateId);
    }

    /// @dev Whether the signature is the key's for the hash, and the hints show it.
    function _isSigned(
        bytes32 high,
        bytes16 low,
        bytes memory signature,
        bytes memory key,
        bytes calldata hints
    ) internal view returns (bool) {
        return P384_VERIFIER.verify(abi.encodePacked(high, low), signature, key, hints);
    }

    /// @dev What is asked of every certificate, wherever it stands: that it holds at this block's time, and may do what its
    /// place asks for.
    function _requireHolds(Certificate memory certificate, uint256 index) private view {
        (uint256 notBefore, uint256 notAfter) = (certificate.notBefore, certificate.notAfter);
        require(
            notBefore <= block.timestamp && block.timestamp <= notAfter,
            CertStoreNotValidNow(index, notBefore, notAfter, block.timestamp)
        );
        uint256 wanted = certificate.isAuthority ? X509.KEY_CERT_SIGN : X509.DIGITAL_SIGNATURE;
        require(certificate.usage & wanted != 0, CertStoreWrongUsage(index, certificate.usage, wanted));
    }

    function _store(CertificateId certificateId, CertificateId parentId, Certificate memory certificate) private {
        _stored[certificateId] = true;
        emit CertificateStored({
            certificateId: certificateId,
            parentId: parentId,
            issuerHash: certificate.issuerHash,
            serial: certificate.serial,
            notAfter: certificate.notAfter
        });
    }

    /// @dev Makes the certificate the chain's last.
    function _advance(
        CertificateChain memory chain,
        Certificate memory certificate,
        bytes calldata der,
        CertificateId certificateId
    ) private pure {
        chain.certificateId = certificateId;
        chain.subjectHash = certificate.subjectHash;
        chain.key = certificate.key.cutFrom(der);
        chain.isAuthority = certificate.isAuthority;
        // This one used up one of those that its parent allows; it may itself allow fewer. RFC 5280 would not count one that is
        // its own issuer; counting it is stricter, and AWS has none but the root.
        uint256 left = chain.pathLength == X509.NO_LIMIT ? X509.NO_LIMIT : Math.saturatingSub(chain.pathLength, 1);
        chain.pathLength = Math.min(left, certificate.pathLength);
        chain.length++;
    }

    function _nameAndSerial(bytes32 issuerHash, uint256 serial) private pure returns (bytes32) {
        return keccak256(abi.encode(issuerHash, serial));
    }
}
