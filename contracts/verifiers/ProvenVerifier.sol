// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {IProvenVerifier} from "../interfaces/IProvenVerifier.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {Groth16} from "../libraries/Groth16.sol";
import {MemoryHash} from "../libraries/MemoryHash.sol";
import {PackedWords} from "../libraries/PackedWords.sol";
import {ProofChallenge} from "../libraries/ProofChallenge.sol";
import {ModelId, ModelIds, ModelOrigin} from "../types/ModelId.sol";
import {VerificationKey} from "../types/VerificationKey.sol";

/// @title ProvenVerifier
/// @dev THE STATEMENT
///
/// Let p be input‖output packed 31 bytes per field element. The proof's public inputs are
///
///     c = Poseidon sponge of p
///     r = keccak256(c, chain id, market, model, request, node, keccak256(input), keccak256(output)) mod FIELD_ORDER
///     e = Σ p[i] · r^i
///
/// The circuit enforces that c and e belong to the p it computed on; this contract computes r and e from the bytes it was
/// given. If those bytes were not the circuit's, the two polynomials would differ, and would have been fixed before r was
/// known: c binds the circuit's p, and r is a hash over c and over the given bytes. They then agree at r with probability
/// at most (number of words) / FIELD_ORDER, about 2^-249 for a 784-byte input.
///
/// The model's id commits to its key and to both lengths, so neither another key nor another border between input and
/// output fits. r names chain, market, request and node, so a proof copied from the mempool serves nobody else.
///
/// WHAT THIS TRUSTS
///
/// - Groth16 under the model's key (see {Groth16}); Poseidon and keccak256 to be collision-resistant. Nothing about the
///   caller.
/// @custom:security-contact security@opengradient.ai
contract ProvenVerifier is IProvenVerifier {
    using CalldataReader for bytes;
    using MemoryHash for bytes;
    using ProofChallenge for InferenceClaim;

    // Where the parts of the evidence start, in bytes.
    uint256 private constant KEY = 32;
    uint256 private constant COMMITMENT = 52;
    uint256 private constant PROOF = 84;
    uint256 private constant INPUT = 340;

    /// @inheritdoc IVerifier
    function verify(InferenceClaim calldata claim, bytes calldata output, bytes calldata evidence) external view {
        require(evidence.length > INPUT, ProvenVerifierTruncated(evidence.length, INPUT + 1));
        VerificationKey key = _requireModel(claim.modelId, output.length, evidence);
        (uint256 commitment, uint256 challenge, uint256 evaluation) = _publicInputs(claim, output, evidence);
        bytes calldata proof = evidence.sliceAt(PROOF, Groth16.PROOF_BYTES);
        require(
            Groth16.verify(key, commitment, challenge, evaluation, proof),
            ProvenVerifierInvalidProof(claim.requestId)
        );
    }

    /// @dev The key in the evidence, which the model's id commits to.
    function _requireModel(
        ModelId wanted,
        uint256 outputSize,
        bytes calldata evidence
    ) private pure returns (VerificationKey key) {
        ModelOrigin origin = ModelOrigin.wrap(evidence.wordAt(0));
        key = VerificationKey.wrap(address(bytes20(evidence.wordAt(KEY))));
        ModelId modelId = ModelIds.modelIdOf(origin, key, evidence.length - INPUT, outputSize);
        require(modelId == wanted, ProvenVerifierWrongModel(modelId, wanted));
    }

    /// @dev c from the evidence; r and e from the bytes of input and output.
    function _publicInputs(
        InferenceClaim calldata claim,
        bytes calldata output,
        bytes calldata evidence
    ) private view returns (uint256 commitment, uint256 challenge, uint256 evaluation) {
        uint256 inputSize = evidence.length - INPUT;
        bytes memory data = bytes.concat(evidence.sliceAt(INPUT, inputSize), output);
        bytes32 inputHash = data.hashSlice(0, inputSize);
        require(inputHash == claim.inputHash, ProvenVerifierWrongInput(inputHash, claim.inputHash));

        commitment = uint256(evidence.wordAt(COMMITMENT));
        challenge = claim.challengeOf(commitment, data.hashSlice(inputSize, output.length));
        evaluation = PackedWords.evaluate(data, challenge);
    }
}
