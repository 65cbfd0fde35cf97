// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceRequest} from "../types/InferenceRequest.sol";
import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {Outcome, RequestStatus} from "../types/RequestState.sol";
import {Tier} from "../types/Tier.sol";
import {IFeeEscrow} from "./IFeeEscrow.sol";

/// @notice What a payer asks for; see {InferenceRequest} for each member. The rest is filled in.
struct RequestParameters {
    ModelId modelId;
    Tier tier;
    address consumer;
    uint32 callbackGas;
    uint96 maxFee;
    uint96 collateral;
    uint32 rampSeconds;
    uint40 expiry;
    uint32 lockSeconds;
    uint256 salt;
}

/// @notice Where a request stands.
/// @param status `None` for a request that is open, or was never made.
/// @param outcome How it ended; `None` while it has not.
/// @param node Node that locked, served or failed it, or zero.
/// @param deadline Unix time in seconds until which a locked request is the node's; zero otherwise.
/// @param lockTime Unix time in seconds at which it was locked, which fixed its price; zero otherwise.
struct RequestView {
    RequestStatus status;
    Outcome outcome;
    address node;
    uint256 deadline;
    uint256 lockTime;
}

/// @notice An answer to a request: what `fulfil` takes.
struct Fulfilment {
    InferenceRequest terms;
    address node;
    bytes output;
    bytes evidence;
}

/// @notice An answer to a request that shares its proof with others.
struct SharedFulfilment {
    InferenceRequest terms;
    bytes output;
}

/// @title The life of a request
/// @notice
///
///     request ──▶ open ──lock──▶ locked ──fulfil──▶ Fulfilled ──▶ callback
///                  │  └────────fulfil────────────────▲  │
///                  └──expire──▶ Expired ◀──expire────┘ (past the deadline, slashed)
///
/// Whoever acts on a request brings its terms along; their EIP-712 hash is the request's id. Every request ends: served by
/// its expiry, or refunded by anyone's call to `expire` afterwards.
interface IInferenceMarket {
    /// @notice A request was made and its fee locked. Carries all that a node needs to serve it.
    event InferenceRequested(
        RequestId indexed requestId,
        ModelId indexed modelId,
        address indexed payer,
        InferenceRequest request,
        bytes input
    );

    /// @notice A node reserved a request for itself until `deadline` (Unix time in seconds).
    event RequestLocked(RequestId indexed requestId, address indexed node, uint256 collateral, uint256 deadline);

    /// @notice A request was served and paid.
    event RequestFulfilled(RequestId indexed requestId, address indexed node, bytes output);

    /// @notice An answer in a batch was not accepted; the others were not touched by that. `reason` is the error that `fulfil`
    /// would have reverted with, or empty if the verifier ran out of gas.
    event FulfilmentSkipped(RequestId indexed requestId, bytes reason);

    /// @notice A request was not served; the payer has its fee back. `node` failed it, or is zero if nobody had locked it.
    event RequestExpired(RequestId indexed requestId, address indexed node, uint256 refunded, uint256 slashed);

    /// @notice The consumer took the output.
    event CallbackDelivered(RequestId indexed requestId, address indexed consumer);

    /// @notice The consumer failed to take the output; anyone may retry. `reason` is cut to 4096 bytes.
    event CallbackFailed(RequestId indexed requestId, address indexed consumer, bytes reason);

    /// @notice The input is not that of one inference, nor of as many whole ones as a proof of the model carries.
    error InferenceMarketBadInputSize(uint256 size, uint256 sizeOfOne, uint256 inferences);

    /// @notice The request is not for this model's proofs: for another model, or in another tier.
    error InferenceMarketNotShared(RequestId requestId, ModelId modelId, Tier tier);

    /// @notice The fee does not cover what is asked for now, royalty included, or is zero.
    error InferenceMarketFeeTooLow(uint256 maxFee, uint256 minFee);

    /// @notice The expiry is in the past or too far in the future.
    error InferenceMarketBadExpiry(uint256 expiry, uint256 earliest, uint256 latest);

    /// @notice A lock must last from one second to `limit`.
    error InferenceMarketBadLockPeriod(uint256 lockSeconds, uint256 limit);

    /// @notice A consumer needs gas up to `limit`, no consumer needs none.
    error InferenceMarketBadCallback(address consumer, uint256 callbackGas, uint256 limit);

    /// @notice The request was made in this second; it can be taken from the next one on.
    error InferenceMarketTooFresh(RequestId requestId, uint256 madeAt);

    /// @notice The request is not open to this: it does not exist, or is locked or settled.
    error InferenceMarketNotOpen(RequestId requestId, RequestStatus status);

    /// @notice The request has ended.
    error InferenceMarketSettled(RequestId requestId, RequestStatus status);

    /// @notice Another node has locked the request.
    error InferenceMarketLockedByOther(RequestId requestId, address locker, address node);

    /// @notice The time for this is over.
    error InferenceMarketTooLate(RequestId requestId, uint256 timestamp, uint256 deadline);

    /// @notice The request can still be served.
    error InferenceMarketTooEarly(RequestId requestId, uint256 timestamp, uint256 deadline);

    /// @notice The request may pay more than the node lets itself be owed: `IPaymentChannels.setExposureLimits`.
    error InferenceMarketOverExposure(address node, uint256 maxFee, uint256 limit);

    /// @notice No delivery of this output is pending.
    error InferenceMarketNoPendingCallback(RequestId requestId);

    /// @notice A retry must bring at least the gas the request promised.
    error InferenceMarketCallbackGasTooLow(uint256 gasLimit, uint256 minimum);

    /// @notice Asks for an inference. Locks `maxFee` of the caller's balance in `FeeEscrow`, where the caller must have
    /// authorised this market. The offer starts with what `minFee` says now and rises to `maxFee` within `rampSeconds`;
    /// what is not paid returns to the balance. Refused while paused.
    /// @param input The model's input bytes; published in the event. Of a model whose proofs carry several inferences they may
    /// be several inputs, one after the other: the price is that of as many inferences. Where inputs are private, their
    /// commitments (docs/zkml.md).
    function request(
        RequestParameters calldata parameters,
        bytes calldata input
    ) external returns (RequestId requestId);

    /// @notice Reserves an open request for `node` and puts its collateral at risk. Called by the node's operator or signer.
    /// Fixes the price. Collateral comes from what the market already holds of the node's stake, and from its free stake beyond that.
    function lock(InferenceRequest calldata terms, address node) external;

    /// @notice Serves a request: checks the evidence, pays `node`, and calls the consumer back. Anyone may bring the answer of
    /// a registered node; while a request is locked, only the locking node's counts. Pays what was offered when the request
    /// was locked, or what is offered now if nobody had locked it.
    /// @param output The model's output bytes.
    /// @param evidence {ProofKind} (4 bytes) ‖ what its verifier reads.
    function fulfil(
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) external;

    /// @notice `fulfil` for many requests. An answer that is not accepted is skipped with the event {FulfilmentSkipped} and
    /// sinks no other. Answers of the Proven tier are checked together, if their verifier and their keys allow it, and one by
    /// one if that fails: with a bad one among them the caller pays for both.
    ///
    /// Consumers are called after all is settled. The caller brings the gas that they were promised; without it all is undone.
    function fulfilBatch(Fulfilment[] calldata fulfilments) external;

    /// @notice `fulfil` for requests of the Proven tier that one proof answers ({ISharedProofVerifier}). Reverts if the proof
    /// does not hold for all of them. A request that cannot be served any more is skipped with the event {FulfilmentSkipped}
    /// and sinks no other.
    ///
    /// Consumers are called after all is settled. The caller brings the gas that they were promised; without it all is undone.
    /// @param node Who ran the model and is paid for all.
    /// @param evidence {ProofKind} (4 bytes) ‖ what its verifier reads.
    function fulfilShared(address node, SharedFulfilment[] calldata fulfilments, bytes calldata evidence) external;

    /// @notice Ends a request that was not served in time. The payer gets its fee back; a node that had locked it loses the
    /// collateral, of which a share goes to the caller.
    function expire(InferenceRequest calldata terms) external;

    /// @notice Delivers an output again after its callback failed.
    /// @param gasLimit Gas to give to the consumer; at least what the request promised.
    function retryCallback(InferenceRequest calldata terms, bytes calldata output, uint256 gasLimit) external;

    /// @notice What a request would be made with now.
    /// @param inputSize Length of the input in bytes.
    /// @return work Units of work that serving it counts as.
    /// @return minFee Least that it has to offer, in OPG wei: the price of the work, and the royalty.
    function priceOf(
        ModelId modelId,
        Tier tier,
        uint256 inputSize
    ) external view returns (uint256 work, uint256 minFee);

    /// @notice What a node that takes a request at `time` is paid, royalty and treasury share included, in OPG wei.
    /// @param time Unix time in seconds; not before the request was made.
    function feeAt(InferenceRequest calldata terms, uint256 time) external pure returns (uint256);

    /// @notice The id of a request with these terms: their EIP-712 digest.
    function requestIdOf(InferenceRequest calldata terms) external view returns (RequestId);

    /// @notice Where a request stands. An open request has the status `None` and money locked in `FeeEscrow`.
    function stateOf(RequestId requestId) external view returns (RequestView memory);

    /// @notice Whether a request waits for a node: made, not locked, not settled.
    function isOpen(RequestId requestId) external view returns (bool);

    /// @notice keccak256 of the output whose delivery failed, or zero.
    function pendingCallbackOf(RequestId requestId) external view returns (bytes32 outputHash);

    /// @notice Where payers have their money and must authorise this market.
    function feeEscrow() external view returns (IFeeEscrow);
}
