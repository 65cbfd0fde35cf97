// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId, ModelOrigin} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {VerificationKey} from "../types/VerificationKey.sol";
import {IBatchVerifier} from "./IBatchVerifier.sol";
import {IVerifier} from "./IVerifier.sol";

/// @notice What many answers of one model, given by one node to one market, have in common; see {InferenceClaim} and
/// {ModelIds} for the members.
struct SharedClaim {
    address market;
    ModelId modelId;
    address node;
    ModelOrigin origin;
    VerificationKey key;
    uint32 inputSize;
    uint32 outputSize;
}

/// @title Evidence of the Proven tier: a Groth16 proof of the whole computation
/// @notice Evidence is `origin (32 bytes) ‖ key (20) ‖ c (32) ‖ A ‖ B ‖ C (256) ‖ input`, where origin and key are the parts
/// of the model's id (see {ModelIds}). Models whose keys share one setup can be checked together.
interface IProvenVerifier is IVerifier, IBatchVerifier {
    /// @notice The evidence is shorter than its fixed parts and one byte of input.
    error ProvenVerifierTruncated(uint256 length, uint256 minimum);

    /// @notice Origin, key and the lengths of input and output are those of another model.
    error ProvenVerifierWrongModel(ModelId modelId, ModelId wanted);

    /// @notice The input is not the one that was asked about.
    error ProvenVerifierWrongInput(bytes32 inputHash, bytes32 wanted);

    /// @notice The proof does not show that this model, on this input, gave this output, for this node and request.
    error ProvenVerifierInvalidProof(RequestId requestId);

    /// @notice `verifyBatch` for answers of one model, given by one node to one market: the same statements in half the
    /// calldata. False for an empty batch too, and for anything malformed.
    /// @param requestIds Request that each answer is for.
    /// @param answers `c (32 bytes) ‖ A ‖ B ‖ C (256) ‖ input ‖ output` for each request, one after the other.
    function verifyAnswers(
        SharedClaim calldata shared,
        RequestId[] calldata requestIds,
        bytes calldata answers
    ) external view returns (bool);
}
