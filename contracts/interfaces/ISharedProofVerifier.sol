// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {IVerifier} from "./IVerifier.sol";

/// @notice What answers that share a proof have in common; see {InferenceClaim} for the members.
struct NodeClaim {
    address market;
    ModelId modelId;
    address node;
}

/// @notice One of the answers that share a proof.
/// @param requestId Request it is for.
/// @param inputHash keccak256 of the request's input: one inference's after the other.
/// @param output Of each inference, one after the other.
struct SharedAnswer {
    RequestId requestId;
    bytes32 inputHash;
    bytes output;
}

/// @title Evidence of the Proven tier: one Groth16 proof of several inferences of a model
/// @notice Evidence is `origin (32 bytes) ‖ key (20) ‖ input size (4) ‖ output size (4) ‖ inferences (2) ‖ c (32) ‖ A ‖ B ‖ C
/// (256) ‖ inputs`. Origin, key and the sizes of one inference are the parts of the model's id (see {ModelIds}); `inferences`
/// is how many the proof carries. The inputs are those of all answers, in their order.
///
/// A request may ask for several inferences, and several requests may share a proof. Where they need fewer inferences than the
/// proof carries, the last is repeated.
interface ISharedProofVerifier is IVerifier {
    /// @notice The evidence is shorter than its fixed parts and one byte of input.
    error SharedProofVerifierTruncated(uint256 length, uint256 minimum);

    /// @notice Origin, key and sizes are those of another model.
    error SharedProofVerifierWrongModel(ModelId modelId, ModelId wanted);

    /// @notice The output is not that of one or more whole inferences.
    error SharedProofVerifierBadOutput(RequestId requestId, uint256 outputSize, uint256 sizeOfOne);

    /// @notice There are no answers, or more inferences than the proof carries.
    error SharedProofVerifierBadCount(uint256 inferences, uint256 limit);

    /// @notice The inputs together are not as long as those of all inferences.
    error SharedProofVerifierBadInput(uint256 inputSize, uint256 wanted);

    /// @notice The input is not the one that was asked about.
    error SharedProofVerifierWrongInput(RequestId requestId, bytes32 inputHash, bytes32 wanted);

    /// @notice The proof does not show that this model, on these inputs, gave these outputs, for this node and these requests.
    error SharedProofVerifierInvalidProof(ModelId modelId);

    /// @notice Returns if the evidence shows that all of these answers are the model's; reverts with the reason otherwise.
    /// @dev A pure statement about its arguments and this chain.
    function verifyShared(
        NodeClaim calldata claim,
        SharedAnswer[] calldata answers,
        bytes calldata evidence
    ) external view;
}
