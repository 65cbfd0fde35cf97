// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ECDSA over P-384 (secp384r1), of SHA-384 digests
/// @notice All numbers are big-endian. Hints make a check cheap and cannot make it wrong: whatever they are, true means that the
/// signature is the key's. How: docs/p384.md.
interface IP384Verifier {
    /// @notice The points are not those that the verifier was written for.
    error P384VerifierWrongTable(bytes32 hash, bytes32 wanted);

    /// @notice Account whose code is a STOP and the 18,432 bytes of fixed multiples of the generator.
    function table() external view returns (address);

    /// @notice Whether `signature` is that of `key` for `digest`, and `hints` show it.
    /// @dev Takes at most 1,660,000 gas, as a transaction of its own, whatever the bytes are, and returns false for anything malformed. WARNING: with
    /// (r, s), (r, n − s) is valid too, so a signature is no identity: tell documents apart by their digest. WARNING: false may
    /// also mean that the hints are wrong; it proves nothing about the signature.
    /// @param digest SHA-384 of the message, 48 bytes.
    /// @param signature r ‖ s, 48 bytes each.
    /// @param key x ‖ y, 48 bytes each.
    /// @param hints 913 bytes of `p384Hints` of the SDK.
    function verify(
        bytes calldata digest,
        bytes calldata signature,
        bytes calldata key,
        bytes calldata hints
    ) external view returns (bool);
}
