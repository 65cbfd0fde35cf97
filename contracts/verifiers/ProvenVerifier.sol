// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {IProvenVerifier, SharedClaim} from "../interfaces/IProvenVerifier.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {Groth16} from "../libraries/Groth16.sol";
import {Groth16Batch} from "../libraries/Groth16Batch.sol";
import {MemoryHash} from "../libraries/MemoryHash.sol";
import {PackedWords} from "../libraries/PackedWords.sol";
import {ProofChallenge} from "../libraries/ProofChallenge.sol";
import {ModelId, ModelIds, ModelOrigin} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
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
    using Groth16Batch for Groth16Batch.Batch;
    using MemoryHash for bytes;
    using ProofChallenge for InferenceClaim;

    /// @dev What `verifyAnswers` works in: allocated once, filled anew for each answer.
    struct Workspace {
        Groth16Batch.Batch batch;
        VerificationKey key;
        InferenceClaim claim;
        uint256[3] inputs;
        uint256 inputSize;
        bytes data; // input ‖ output
    }

    // Where the parts of the evidence start, in bytes.
    uint256 private constant KEY = 32;
    uint256 private constant COMMITMENT = 52;
    uint256 private constant PROOF = 84;
    uint256 private constant INPUT = 340;

    // The same for one of several answers of one model.
    uint256 private constant ANSWER_PROOF = 32;
    uint256 private constant ANSWER_INPUT = 288;

    /// @inheritdoc IVerifier
    function verify(InferenceClaim calldata claim, bytes calldata output, bytes calldata evidence) external view {
        require(evidence.length > INPUT, ProvenVerifierTruncated(evidence.length, INPUT + 1));
        (ModelId modelId, VerificationKey key) = _modelIn(evidence, output.length);
        require(modelId == claim.modelId, ProvenVerifierWrongModel(modelId, claim.modelId));
        (bytes32 inputHash, uint256 c, uint256 r, uint256 e) = _publicInputs(claim, output, evidence);
        require(inputHash == claim.inputHash, ProvenVerifierWrongInput(inputHash, claim.inputHash));
        bytes calldata proof = evidence.sliceAt(PROOF, Groth16.PROOF_BYTES);
        require(Groth16.verify(key, c, r, e, proof), ProvenVerifierInvalidProof(claim.requestId));
    }

    /// @inheritdoc IBatchVerifier
    function verifyBatch(
        InferenceClaim[] calldata claims,
        bytes[] calldata outputs,
        bytes[] calldata evidences
    ) external view returns (bool) {
        uint256 count = claims.length;
        if (outputs.length != count || evidences.length != count) return false;
        Groth16Batch.Batch memory batch = Groth16Batch.create(count);
        for (uint256 i = 0; i < count; ++i) {
            if (!_add(batch, claims[i], outputs[i], evidences[i])) return false;
        }
        return batch.verify();
    }

    /// @inheritdoc IProvenVerifier
    function verifyAnswers(
        SharedClaim calldata shared,
        RequestId[] calldata requestIds,
        bytes calldata answers
    ) external view returns (bool) {
        (uint256 inputSize, uint256 outputSize) = (shared.inputSize, shared.outputSize);
        uint256 answerSize = ANSWER_INPUT + inputSize + outputSize;
        // As `verify` has it: at least one byte of input.
        if (inputSize == 0 || answers.length != requestIds.length * answerSize) return false;
        ModelId modelId = ModelIds.modelIdOf(shared.origin, shared.key, inputSize, outputSize);
        if (modelId != shared.modelId) return false;

        Workspace memory space = _workspaceOf(shared, requestIds.length);
        for (uint256 i = 0; i < requestIds.length; ++i) {
            if (!_addAnswer(space, requestIds[i], answers.sliceAt(i * answerSize, answerSize))) return false;
        }
        return space.batch.verify();
    }

    function _workspaceOf(SharedClaim calldata shared, uint256 count) private pure returns (Workspace memory space) {
        space.batch = Groth16Batch.create(count);
        space.key = shared.key;
        space.inputSize = shared.inputSize;
        space.data = new bytes(uint256(shared.inputSize) + shared.outputSize);
        (space.claim.market, space.claim.modelId, space.claim.node) = (shared.market, shared.modelId, shared.node);
    }

    function _addAnswer(
        Workspace memory space,
        RequestId requestId,
        bytes calldata answer
    ) private view returns (bool) {
        InferenceClaim memory claim = space.claim;
        bytes memory data = space.data;
        uint256 inputSize = space.inputSize;
        answer.copyAt(ANSWER_INPUT, data);
        claim.requestId = requestId;
        claim.inputHash = data.hashSlice(0, inputSize);

        uint256 c = uint256(answer.wordAt(0));
        uint256 r = claim.challengeOfMemory(c, data.hashSlice(inputSize, data.length - inputSize));
        (space.inputs[0], space.inputs[1], space.inputs[2]) = (c, r, PackedWords.evaluate(data, r));
        return space.batch.add(space.key, space.inputs, answer.sliceAt(ANSWER_PROOF, Groth16.PROOF_BYTES));
    }

    /// @dev The checks of `verify`, in its order, up to the proof.
    function _add(
        Groth16Batch.Batch memory batch,
        InferenceClaim calldata claim,
        bytes calldata output,
        bytes calldata evidence
    ) private view returns (bool) {
        if (evidence.length <= INPUT) return false;
        (ModelId modelId, VerificationKey key) = _modelIn(evidence, output.length);
        if (modelId != claim.modelId) return false;
        bytes32 inputHash;
        uint256[3] memory inputs;
        (inputHash, inputs[0], inputs[1], inputs[2]) = _publicInputs(claim, output, evidence);
        if (inputHash != claim.inputHash) return false;
        return batch.add(key, inputs, evidence.sliceAt(PROOF, Groth16.PROOF_BYTES));
    }

    /// @dev The key in the evidence, and the model whose id commits to it and to the lengths of input and output.
    function _modelIn(
        bytes calldata evidence,
        uint256 outputSize
    ) private pure returns (ModelId modelId, VerificationKey key) {
        ModelOrigin origin = ModelOrigin.wrap(evidence.wordAt(0));
        key = VerificationKey.wrap(address(bytes20(evidence.wordAt(KEY))));
        modelId = ModelIds.modelIdOf(origin, key, evidence.length - INPUT, outputSize);
    }

    /// @dev c from the evidence; r and e from the bytes of input and output. r holds for the claimed input hash: the caller
    /// compares it with the one returned.
    function _publicInputs(
        InferenceClaim calldata claim,
        bytes calldata output,
        bytes calldata evidence
    ) private view returns (bytes32 inputHash, uint256 c, uint256 r, uint256 e) {
        uint256 inputSize = evidence.length - INPUT;
        bytes memory data = bytes.concat(evidence.sliceAt(INPUT, inputSize), output);
        inputHash = data.hashSlice(0, inputSize);

        c = uint256(evidence.wordAt(COMMITMENT));
        r = claim.challengeOf(c, data.hashSlice(inputSize, output.length));
        e = PackedWords.evaluate(data, r);
    }
}
