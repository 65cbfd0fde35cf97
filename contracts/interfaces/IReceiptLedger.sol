// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchId} from "../types/BatchId.sol";
import {BatchStatus} from "../types/BatchState.sol";
import {DirectRequest} from "../types/DirectRequest.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {InferenceReceipt} from "../types/InferenceReceipt.sol";
import {LedgerTerms} from "../types/LedgerTerms.sol";
import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {ICollateralAllotments} from "./ICollateralAllotments.sol";
import {IReceiptChallenges} from "./IReceiptChallenges.sol";
import {IReceiptDemands} from "./IReceiptDemands.sol";

/// @notice Where a batch stands.
/// @param status `None` for a batch that was never committed.
/// @param node Whose stake stands behind it.
/// @param deadline Unix time in seconds until which it can be challenged.
/// @param termsVersion Terms that it was committed under.
/// @param count How many receipts it has.
/// @param hasLeaves Whether their leaves were in calldata.
/// @param openDemands Demands that were neither answered nor expired.
/// @param attested Stake of verifiers behind it, in OPG wei.
struct BatchView {
    BatchStatus status;
    address node;
    uint40 deadline;
    uint8 termsVersion;
    uint16 count;
    bool hasLeaves;
    uint16 openDemands;
    uint96 attested;
}

/// @title Receipts of answers that were given off chain
/// @notice
///
///     commit ──▶ Committed ──window over──▶ finalize ▶ Final: any receipt in it can be shown to other contracts
///                 │  └─ attest: verifiers put their own stake behind it, and are paid for it
///                 ├─ challenge (something is wrong) ──▶ Rejected ──▶ closeRejected ▶ Closed
///                 └─ demand ──▶ reveal or prove, else ──▶ Rejected
///
/// A node commits the root of many receipts and puts stake behind them, in proportion to their fees. Anyone who shows one that
/// its signer cannot stand for has the batch rejected and the node slashed; the payer of that receipt is compensated. Whoever
/// acts on a batch brings its members along, from the event {BatchCommitted}.
///
/// Accounts that pay here (verifiers' pots of nodes, bonds of demands) must have authorised this contract in `FeeEscrow`.
interface IReceiptLedger is IReceiptChallenges, IReceiptDemands, ICollateralAllotments {
    /// @notice A node stands for a batch of receipts. `skipped` numbers of its key before the first are in no batch.
    event BatchCommitted(
        BatchId indexed batchId,
        address indexed node,
        address indexed signer,
        InferenceBatch batch,
        uint256 skipped,
        bool hasLeaves,
        uint256 deadline
    );

    /// @notice A verifier stands for a batch with `weight` of its stake, in OPG wei.
    event BatchAttested(BatchId indexed batchId, address indexed verifier, uint256 weight);

    /// @notice A verifier's word came true, and it earned its share of the pot; or it did not, and it lost its weight.
    event AttestationSettled(BatchId indexed batchId, address indexed verifier, uint256 earned, uint256 slashed);

    /// @notice Nobody showed anything wrong with a batch.
    event BatchFinalized(BatchId indexed batchId, address indexed node);

    /// @notice The last word on a rejected batch was spoken; `freed` of its collateral is the node's again.
    event BatchClosed(BatchId indexed batchId, address indexed node, uint256 freed);

    /// @notice Batches that are committed from now on have these terms.
    event LedgerTermsChanged(uint8 indexed version, LedgerTerms terms);

    /// @notice From `since` on (Unix time in seconds; zero: never) receipts of a model must be in batches with leaves.
    event DataPolicyChanged(ModelId indexed modelId, uint256 since);

    /// @notice A batch has from 1 to `limit` receipts.
    error ReceiptLedgerBadCount(uint256 count, uint256 limit);

    /// @notice The batch has receipts of the future.
    error ReceiptLedgerFromTheFuture(uint256 completedAt, uint256 timestamp);

    /// @notice The numbers were committed before, or there are no such numbers.
    error ReceiptLedgerSequenceTaken(address signer, uint256 firstSeq, uint256 earliest, uint256 latest);

    /// @notice The fees are more than there is money.
    error ReceiptLedgerTotalTooHigh(uint256 totalFee, uint256 limit);

    /// @notice The batch was committed before.
    error ReceiptLedgerKnown(BatchId batchId);

    /// @notice No such batch was committed.
    error ReceiptLedgerUnknown(BatchId batchId);

    /// @notice Neither the node's key nor an enclave of the node that signs for itself signed this batch.
    error ReceiptLedgerNotSigned(address node, address signer);

    /// @notice The leaves are those of another batch.
    error ReceiptLedgerOtherLeaves(bytes32 root, bytes32 dataHash);

    /// @notice The batch is not where this could be done.
    error ReceiptLedgerWrongStatus(BatchId batchId, BatchStatus status);

    /// @notice The time for this is over.
    error ReceiptLedgerTooLate(BatchId batchId, uint256 timestamp, uint256 deadline);

    /// @notice It is too early for this.
    error ReceiptLedgerTooEarly(BatchId batchId, uint256 timestamp, uint256 deadline);

    /// @notice What was shown is not at this place of the batch.
    error ReceiptLedgerNotInBatch(BatchId batchId, uint256 index);

    /// @notice Not every demand has ended.
    error ReceiptLedgerDemandsOpen(BatchId batchId, uint256 count);

    /// @notice A node cannot stand for its own batch a second time.
    error ReceiptLedgerOwnBatch(BatchId batchId, address node);

    /// @notice The verifier stands for this batch already.
    error ReceiptLedgerAttestedBefore(BatchId batchId, address verifier);

    /// @notice The weight is zero, or there is enough of it behind the batch.
    error ReceiptLedgerNoWeight(BatchId batchId, uint256 weight, uint256 missing);

    /// @notice The verifier does not stand for this batch, or was settled with.
    error ReceiptLedgerNotAttested(BatchId batchId, address verifier);

    /// @notice Terms out of their bounds; see `setTerms`.
    error ReceiptLedgerBadTerms(LedgerTerms terms);

    /// @notice There were as many terms as can be told apart.
    error ReceiptLedgerTermsFull(uint256 limit);

    /// @notice Only the model's publisher decides on its data.
    error ReceiptLedgerNotPublisher(ModelId modelId, address caller, address publisher);

    /// @notice The model's policy is this already.
    error ReceiptLedgerPolicyUnchanged(ModelId modelId, bool needsLeaves);

    /// @notice Commits a batch, and puts its node's stake behind it. Called by the operator of a node that is registered
    /// for inference, or by its signer: that there are no leaves is the node's choice. The batch is signed with the node's key, or by
    /// its own signer if that is the key of an enclave of the node that counts now. Refused while paused.
    ///
    /// The numbers of a batch must come after those committed for this node and signer before. A gap is visible in the event.
    /// Collateral comes from what the ledger already holds of the node's stake, and from its free stake beyond that; the verifiers'
    /// share of the fees from the node's `FeeEscrow` balance.
    /// @dev WARNING: A receipt of the Attested tier that is older than `Durations.MAX_RECEIPT_AGE` by now convicts the node, as does
    /// one of a model whose publisher wants leaves. Nodes leave such receipts out: a gap is no fault.
    /// @dev WARNING: A batch without leaves cannot be judged by anybody to whom the node shows none. They may demand them.
    /// @param signature Over the batch, in the domain of its receipts: 64 bytes (EIP-2098), or of the node's contract (ERC-1271).
    function commitBatch(InferenceBatch calldata batch, bytes calldata signature) external;

    /// @notice `commitBatch` with the leaves in calldata, from which anyone can rebuild the tree. Anyone may bring it: what counts is
    /// whose signature it has.
    /// @param leaves In the order of their `seq`.
    function commitBatchWithLeaves(
        InferenceBatch calldata batch,
        bytes32[] calldata leaves,
        bytes calldata signature
    ) external;

    /// @notice Puts stake of `verifier` behind a batch of another node: its word that every receipt was checked. Called by the
    /// operator of a node that is registered as verifier, or by its signer; until the batch's deadline, once. Weight counts up to
    /// the quorum: what is more is not taken.
    /// @param weight OPG in wei.
    function attestBatch(InferenceBatch calldata batch, address verifier, uint96 weight) external;

    /// @notice Ends a verifier's obligation once its batch has ended. Anyone may call. Of a final batch, it earns its share of the
    /// pot; of a rejected one, it loses its weight, of which the caller gets a reporter's share.
    function settleAttestation(InferenceBatch calldata batch, address verifier) external;

    /// @notice Ends a batch that nobody showed anything wrong with, after its deadline. Anyone may call. The node has its
    /// collateral back, and what verifiers did not earn of the pot.
    function finalize(InferenceBatch calldata batch) external;

    /// @notice Ends a rejected batch after the last word on it. Anyone may call. Frees what was not slashed; of a batch whose
    /// receipts were withheld, or whose total was wrong, it is slashed too.
    function closeRejected(InferenceBatch calldata batch) external;

    /// @notice Says whether receipts of a model must be in batches with leaves. Only the model's publisher. It applies to
    /// receipts completed an hour later and after, so that nodes see it in time; withdrawing it, at once.
    function setDataPolicy(ModelId modelId, bool needsLeaves) external;

    /// @notice Sets the terms of batches that are committed from now on. Governance only. Windows are bounded by {Durations}; the
    /// response window is at most a third of the challenge window, so that what is shown can be judged.
    function setTerms(LedgerTerms calldata terms) external;

    /// @notice Reverts unless a receipt is in a final batch. For contracts that act on what was answered.
    /// @param signature As committed.
    /// @param head Hash of the batch's members without the root: `headOf`.
    function verifyReceipt(
        InferenceReceipt calldata receipt,
        bytes calldata signature,
        bytes32 head,
        uint256 index,
        bytes32[] calldata path
    ) external view;

    /// @notice Whether a leaf is at this place of a final batch.
    function isSettled(bytes32 head, bytes32 leaf, uint256 index, bytes32[] calldata path) external view returns (bool);

    /// @notice Where a batch stands.
    function batchOf(BatchId batchId) external view returns (BatchView memory);

    /// @notice Least number that the next batch of this node and signer can begin with.
    function nextSeqOf(address node, address signer) external view returns (uint64);

    /// @notice Stake of a verifier behind a batch, in OPG wei.
    function attestationOf(BatchId batchId, address verifier) external view returns (uint96 weight);

    /// @notice Stake that a node puts behind a batch under the current terms, in OPG wei.
    function collateralFor(uint128 totalFee) external view returns (uint256);

    /// @notice Unix time in seconds from which on receipts of a model must be in batches with leaves; zero: never.
    function leavesNeededSince(ModelId modelId) external view returns (uint40);

    /// @notice The current terms.
    function currentTerms() external view returns (uint8 version, LedgerTerms memory terms);

    /// @notice Terms of a version.
    function termsOf(uint8 version) external view returns (LedgerTerms memory);

    /// @notice Id of a batch.
    function batchIdOf(InferenceBatch calldata batch) external pure returns (BatchId);

    /// @notice Hash of the batch's members without the root.
    function headOf(InferenceBatch calldata batch) external pure returns (bytes32);

    /// @notice Leaf of a receipt.
    function leafOf(InferenceReceipt calldata receipt, bytes calldata signature) external pure returns (bytes32);

    /// @notice Id of a request to a node.
    function requestIdOf(DirectRequest calldata request) external view returns (RequestId);

    /// @notice What is signed for a batch.
    function batchDigestOf(InferenceBatch calldata batch) external view returns (bytes32);

    /// @notice What is signed for a receipt.
    function receiptDigestOf(InferenceReceipt calldata receipt) external view returns (bytes32);
}
