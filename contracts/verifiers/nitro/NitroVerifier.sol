// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INitroVerifier, NitroDocument} from "../../interfaces/INitroVerifier.sol";
import {IP384Verifier} from "../../interfaces/IP384Verifier.sol";
import {ISha384Hasher} from "../../interfaces/ISha384Hasher.sol";
import {Slice} from "../../types/Slice.sol";
import {Attestation, AttestationDocument} from "./AttestationDocument.sol";
import {CertificateChain, CertStore} from "./CertStore.sol";

/// @title NitroVerifier
/// @dev WHAT THIS TRUSTS
///
/// - The root: whoever has its key, or that of an authority under it, can make any document. On Base it is that of AWS and cannot
///   be another. A verifier with another root, for tests and development, is another deployment.
/// - AWS's hardware and hypervisor, for what a document says of the enclave.
/// - `P384Verifier` and `Sha384Hasher`, which have neither storage nor authority.
/// - Governance and its guardian, to revoke certificates: they can make documents count no more, and none count that would not.
/// - The block's time, which is what certificates' dates are compared with.
/// - Nothing about the caller. Hints and stored certificates make a check cheaper, never different.
///
/// WHAT IS LEFT TO THE CALLER
///
/// A document shows that its certificates hold now, not that it was made now: it can be brought as often as one likes, and its
/// signature has a twin. Who needs it fresh looks at its nonce, who needs it once at `payloadHash`. That the code is the right one,
/// and no enclave in debug mode (whose registers are zero), is a matter of {IMeasurementPolicy}.
/// @custom:security-contact security@opengradient.ai
contract NitroVerifier is INitroVerifier, CertStore {
    /// @param authority The access manager, for revocation.
    /// @param rootHash keccak256 of the root's DER certificate; on Base that of AWS.
    constructor(
        address authority,
        IP384Verifier p384Verifier,
        ISha384Hasher sha384Hasher,
        bytes32 rootHash
    ) CertStore(authority, p384Verifier, sha384Hasher, rootHash) {}

    /// @inheritdoc INitroVerifier
    function verify(bytes calldata document, bytes[] calldata hints) external returns (NitroDocument memory) {
        Attestation memory attestation = AttestationDocument.parse(document);
        uint256 wanted = attestation.bundle.length + 1;
        require(hints.length == wanted, CertStoreWrongHintCount(hints.length, wanted));

        CertificateChain memory chain = _chainOf(attestation, document, hints);
        bytes memory signed = abi.encodePacked(
            AttestationDocument.SIGNED_PREFIX,
            attestation.payload.cutFrom(document)
        );
        (bytes32 high, bytes16 low) = SHA384_HASHER.hash(signed);
        bytes memory signature = attestation.signature.cutFrom(document);
        require(_isSigned(high, low, signature, chain.key, hints[wanted - 1]), NitroVerifierBadSignature());

        return _contentOf(attestation, document);
    }

    /// @dev The chain from the root to the enclave's own certificate. Only the authorities' are worth a slot.
    function _chainOf(
        Attestation memory attestation,
        bytes calldata document,
        bytes[] calldata hints
    ) private returns (CertificateChain memory chain) {
        Slice[] memory bundle = attestation.bundle;
        chain = _begin(bundle[0].cutFrom(document));
        for (uint256 i = 1; i < bundle.length; i++) {
            _append(chain, bundle[i].cutFrom(document), hints[i - 1], true);
        }
        _append(chain, attestation.certificate.cutFrom(document), hints[bundle.length - 1], false);
        require(!chain.isAuthority, CertStoreIsAuthority(bundle.length));
    }

    function _contentOf(
        Attestation memory attestation,
        bytes calldata document
    ) private pure returns (NitroDocument memory content) {
        Slice[3] memory pcrs = attestation.pcrs;
        content.payloadHash = keccak256(attestation.payloadContent.cutFrom(document));
        content.timestamp = uint64(attestation.timestampMs / 1000); // It had 64 bits before.
        content.pcrs = bytes.concat(pcrs[0].cutFrom(document), pcrs[1].cutFrom(document), pcrs[2].cutFrom(document));
        content.publicKey = attestation.publicKey.cutFrom(document);
        content.userData = attestation.userData.cutFrom(document);
        content.nonce = attestation.nonce.cutFrom(document);
    }
}
