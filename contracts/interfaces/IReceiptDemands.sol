// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchId} from "../types/BatchId.sol";
import {DirectRequest} from "../types/DirectRequest.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {PriceQuote} from "../types/PriceQuote.sol";
import {RequestId} from "../types/RequestId.sol";
import {ShownReceipt} from "../types/ShownReceipt.sol";
import {Tier} from "../types/Tier.sol";

/// @notice How a demand stands.
enum DemandStatus {
    None,
    Open,
    Answered,
    Expired
}

/// @notice What somebody wants to see.
struct Demand {
    address demander; // 160 bits
    uint40 deadline; // Unix time in seconds until which it can be answered
    DemandStatus status; // 8 bits
}

/// @title What a node must show of its batches
/// @notice Anyone may demand to see a receipt, or the proof of an answer that can be proved, against a bond. An answer earns the
/// node the bond; without one the batch is rejected. Each receipt, and each proof, can be demanded once: it is public then.
interface IReceiptDemands {
    /// @notice Somebody wants to see a receipt until `deadline` (Unix time in seconds).
    event ReceiptDemanded(BatchId indexed batchId, uint256 indexed index, address indexed demander, uint256 deadline);

    /// @notice A receipt that was demanded, and what it is held to.
    event ReceiptRevealed(
        BatchId indexed batchId,
        uint256 indexed index,
        ShownReceipt shown,
        DirectRequest request,
        PriceQuote quote
    );

    /// @notice A receipt was not shown in time.
    event DemandExpired(BatchId indexed batchId, uint256 indexed index, address indexed demander);

    /// @notice Somebody wants to see a proof until `deadline` (Unix time in seconds).
    event ProofDemanded(BatchId indexed batchId, uint256 indexed index, address indexed demander, uint256 deadline);

    /// @notice A proof that was demanded was brought.
    event ReceiptProved(BatchId indexed batchId, uint256 indexed index);

    /// @notice A proof was not brought in time.
    event ProofExpired(BatchId indexed batchId, uint256 indexed index, address indexed demander);

    /// @notice It was demanded before.
    error ReceiptDemandsMadeBefore(BatchId batchId, uint256 index, DemandStatus status);

    /// @notice Nobody waits for this.
    error ReceiptDemandsNotOpen(BatchId batchId, uint256 index, DemandStatus status);

    /// @notice The request is not the one that the receipt names.
    error ReceiptDemandsOtherRequest(RequestId found, RequestId wanted);

    /// @notice The quote is not the one that the request names.
    error ReceiptDemandsOtherQuote(bytes32 found, bytes32 wanted);

    /// @notice The output is not the one that the receipt names.
    error ReceiptDemandsOtherOutput(bytes32 found, bytes32 wanted);

    /// @notice Answers of this tier cannot be proved.
    error ReceiptDemandsNotProvable(Tier tier);

    /// @notice Demands to see the receipt at a place, against `demandBond` of the caller's `FeeEscrow` balance. Anyone may, until
    /// two response windows before the deadline: one for the node, one to judge what it shows.
    function demand(InferenceBatch calldata batch, uint256 index) external;

    /// @notice Shows a receipt that was demanded, with the request and the price that it names. Anyone may; the node has the bond.
    /// Reverts if they do not fit together. Whether they are right is for challenges to say.
    function reveal(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        DirectRequest calldata request,
        PriceQuote calldata quote
    ) external;

    /// @notice Ends a demand that was not answered in time. Anyone may call. The bond goes back, the batch is rejected, and what of
    /// its collateral no payer is compensated with is slashed when it is closed; the demander is the reporter.
    function expireDemand(InferenceBatch calldata batch, uint256 index) external;

    /// @notice Demands the proof of an answer in the Optimistic or Proven tier, against `proofBond` of the caller's `FeeEscrow`
    /// balance. Anyone may, until the deadline.
    function demandProof(InferenceBatch calldata batch, ShownReceipt calldata shown) external;

    /// @notice Proves an answer whose proof was demanded. Anyone may; the node has the bond.
    /// @param output The exact output bytes.
    /// @param evidence {ProofKind} (4 bytes) ‖ what its verifier reads; made for this ledger as the market.
    function proveReceipt(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        bytes calldata output,
        bytes calldata evidence
    ) external;

    /// @notice Ends a demand for a proof that was not brought in time. Anyone may call. The bond goes back and the receipt is
    /// convicted; the demander is the reporter.
    function expireProof(InferenceBatch calldata batch, ShownReceipt calldata shown) external;

    /// @notice A demand for a receipt.
    function demandOf(BatchId batchId, uint256 index) external view returns (Demand memory);

    /// @notice A demand for a proof.
    function proofDemandOf(BatchId batchId, uint256 index) external view returns (Demand memory);
}
