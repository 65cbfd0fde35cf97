// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";

/// @notice What a node claims to have done; the output comes beside it.
/// @param market Contract the evidence was made for; evidence made for one market is void at any other.
/// @param modelId Model that ran.
/// @param requestId Request it ran for.
/// @param node Node that ran it and is to be paid.
/// @param inputHash keccak256 of the input bytes.
struct InferenceClaim {
    address market;
    ModelId modelId;
    RequestId requestId;
    address node;
    bytes32 inputHash;
}

/// @title One kind of evidence
interface IVerifier {
    /// @notice Returns if the evidence shows the claim to be true; reverts with the reason otherwise.
    /// @dev A pure statement about its arguments and this chain.
    /// @param output The model's output bytes.
    /// @param evidence Everything the kind of proof needs, without the four bytes of its {ProofKind}.
    function verify(InferenceClaim calldata claim, bytes calldata output, bytes calldata evidence) external view;
}
