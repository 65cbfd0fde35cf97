// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {IBatchVerifier} from "./IBatchVerifier.sol";
import {IVerifier} from "./IVerifier.sol";

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
}
