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
    /// @notice Checks a whole document: its form, the chain of its certificates up to the root at this block's time, and its
    /// signature. Reverts with the reason if anything is wrong; certificates that hold are kept in {ICertStore}.
    /// @param document COSE_Sign1 as the security module gives it.
    /// @param hints For every signature in the order of the chain, `p384Hints` of the SDK: of the certificates that the root's
    /// follows in the bundle, of the enclave's own, and last of the document. Those of certificates that are in
    /// the store are not looked at and may be empty.
    function verify(bytes calldata document, bytes[] calldata hints) external returns (NitroDocument memory);
}
