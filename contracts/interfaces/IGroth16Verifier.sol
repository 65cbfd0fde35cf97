// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {KeySetup, VerificationKey} from "../types/VerificationKey.sol";

/// @title Verification keys as contract code, and proofs checked against them
/// @notice Anyone may register any key; registering says nothing about whether the key's secrets are known to somebody.
/// Which key a model answers for is fixed in `ModelRegistry`.
interface IGroth16Verifier {
    /// @notice A setup was stored.
    event KeySetupRegistered(KeySetup indexed setup);

    /// @notice A key was stored.
    event VerificationKeyRegistered(VerificationKey indexed key, KeySetup indexed setup);

    /// @notice A setup must be α ‖ β ‖ γ and four IC points, `expected` bytes in all.
    error Groth16VerifierBadSetupLength(uint256 length, uint256 expected);

    /// @notice δ must have `expected` bytes.
    error Groth16VerifierBadKeyLength(uint256 length, uint256 expected);

    /// @notice The point at this offset is not on its curve, or at infinity.
    error Groth16VerifierBadPoint(uint256 offset);

    /// @notice The setup is not one that this contract stored.
    error Groth16VerifierUnknownSetup(KeySetup setup);

    /// @notice This setup or key is stored already, at this address.
    error Groth16VerifierAlreadyRegistered(address stored);

    /// @notice Stores what all keys of one Powers of Tau file and domain size share.
    /// @param points α (64 bytes) ‖ β (128) ‖ γ (128) ‖ IC[0] ‖ … ‖ IC[3] (64 each), as EIP-196 and EIP-197 write them.
    /// @return setup Address of the stored code; follows from its content.
    function registerSetup(bytes calldata points) external returns (KeySetup setup);

    /// @notice Stores a model's own part of its key.
    /// @param setup Where the rest of the key is stored.
    /// @param delta δ, 128 bytes.
    /// @return key Address of the stored code; follows from its content.
    function registerKey(KeySetup setup, bytes calldata delta) external returns (VerificationKey key);

    /// @notice Whether this contract stored the key.
    function isRegistered(VerificationKey key) external view returns (bool);

    /// @notice Address at which `registerSetup` stores these points.
    function setupAddress(bytes calldata points) external view returns (KeySetup);

    /// @notice Address at which `registerKey` stores this key.
    function keyAddress(KeySetup setup, bytes calldata delta) external view returns (VerificationKey);

    /// @notice Whether a proof holds under a key for three public inputs. False for anything malformed; never reverts.
    /// @param proof A (64 bytes) ‖ B (128) ‖ C (64).
    function verify(VerificationKey key, uint256[3] calldata inputs, bytes calldata proof) external view returns (bool);

    /// @notice Whether all of several proofs hold under one key: cheaper than one by one from two on. False for anything
    /// malformed, lists of different lengths, and empty lists; never reverts. Does not say which proof is bad.
    /// @param inputs Three public inputs for each proof.
    /// @param proofs A (64 bytes) ‖ B (128) ‖ C (64) each, in the same order.
    function verifyBatch(
        VerificationKey key,
        uint256[3][] calldata inputs,
        bytes[] calldata proofs
    ) external view returns (bool);

    /// @notice The same for proofs under several keys, which must share one setup: false otherwise. Costs one more pairing for
    /// each distinct key.
    /// @param keys Key of each proof.
    function verifyMixedBatch(
        VerificationKey[] calldata keys,
        uint256[3][] calldata inputs,
        bytes[] calldata proofs
    ) external view returns (bool);
}
