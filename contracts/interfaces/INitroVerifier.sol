// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What an attestation document of AWS Nitro says, once its signatures were checked.
/// @param payloadHash keccak256 of the signed payload: what tells documents apart. Their signatures do not, see {IP384Verifier}.
/// @param timestamp Unix time in seconds at which the document was made, by the clock of the security module.
/// @param pcrs PCR0 ‖ PCR1 ‖ PCR2: 144 bytes. All zero for an enclave in debug mode.
/// @param publicKey As the enclave gave it; empty if it gave none.
/// @param userData The same.
/// @param nonce The same.
struct NitroDocument {
    bytes32 payloadHash;
    uint64 timestamp;
    bytes pcrs;
    bytes publicKey;
    bytes userData;
    bytes nonce;
}

/// @title Attestation documents of AWS Nitro enclaves
interface INitroVerifier {
    /// @notice The document is not signed by the key in its certificate, or the hints do not show that it is.
    error NitroVerifierBadSignature();

    /// @notice Checks a whole document: its form, the chain of its certificates up to the root at this block's time, and its
    /// signature. Reverts with the reason if anything is wrong; certificates of authorities that hold are kept, see {ICertStore}.
    /// @dev Anybody may call, and as often as they like. Errors are those above, of {ICertStore}, and of the libraries that read:
    /// `AttestationDocument`, `Cbor`, `X509`, `Der`. Takes at most 15,500,000 gas, as a transaction of its own, whatever the bytes
    /// are: a bundle has six certificates at most, and every part its limit. What is malformed is refused before the first
    /// signature is checked, or that of the certificate in which it is.
    /// @param document COSE_Sign1 as the security module gives it.
    /// @param hints `nitroHints` of the SDK: `p384Hints` for every signature in the order of the chain, of the certificates that
    /// follow the root in the bundle, of the enclave's own, and last of the document. Those of certificates that are
    /// stored are not looked at and may be empty.
    function verify(bytes calldata document, bytes[] calldata hints) external returns (NitroDocument memory);
}
