// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";

/// @title Requests that their payer only signs
/// @notice A request's id is the EIP-712 digest of its terms, and that is what the payer signs: the whole request, for one
/// market on one chain. A node that was given terms, input and signature off chain makes the request and locks it in one
/// transaction. From then on it is a request like any other.
///
/// A signature is an offer to every node that sees it, until the terms' expiry. It can be used once; before that, its payer
/// can take it back with `revoke`, or by having less than the fee in `FeeEscrow`.
interface ISignedRequests {
    /// @notice A payer took a signed request back that nobody had made yet.
    event RequestRevoked(RequestId indexed requestId, address indexed payer);

    /// @notice The payer did not sign these terms: not with its key, and not as a contract (ERC-1271).
    error SignedRequestsBadSignature(RequestId requestId, address payer);

    /// @notice The terms are those of another input.
    error SignedRequestsOtherInput(bytes32 inputHash, bytes32 wanted);

    /// @notice The model's publisher asks for another royalty now.
    error SignedRequestsOtherRoyalty(uint256 royalty, uint256 wanted);

    /// @notice Serving the request is another amount of work now.
    error SignedRequestsOtherWork(uint256 work, uint256 wanted);

    /// @notice The offer would start above the most that is paid.
    error SignedRequestsBadRamp(uint256 minFee, uint256 maxFee);

    /// @notice Only the payer may take its request back.
    error SignedRequestsNotPayer(RequestId requestId, address caller, address payer);

    /// @notice Makes a request that its payer signed, and locks it for `node`: what {IInferenceMarket-request} by the payer and
    /// {IInferenceMarket-lock} by the node do. Called by the node's operator or signer. What is offered by now must cover
    /// what the work costs now. Refused while paused.
    /// @param terms What was signed. `rampStart` must be past; `work` and `royalty` must be those of this moment.
    /// @param input The model's input bytes; published in the event.
    /// @param signature Of the request's id by the payer: compact (EIP-2098), or for its contract (ERC-1271).
    function lockSigned(
        InferenceRequest calldata terms,
        bytes calldata input,
        bytes calldata signature,
        address node
    ) external;

    /// @notice Makes a signed request of the caller's worthless, if nobody has made it yet: it counts as expired. Not before the
    /// second after its `rampStart`, from which on it could be used.
    function revoke(InferenceRequest calldata terms) external;
}
