// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatchId} from "../types/BatchId.sol";
import {DirectRequest} from "../types/DirectRequest.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {InferenceReceipt} from "../types/InferenceReceipt.sol";
import {PriceQuote} from "../types/PriceQuote.sol";
import {ShownReceipt} from "../types/ShownReceipt.sol";
import {Tier} from "../types/Tier.sol";

/// @notice What was wrong with a batch.
enum Fault {
    Signature,
    Proof,
    Equivocation,
    Fee,
    Total,
    Policy,
    Withheld,
    Unproved
}

/// @title What can be shown to be wrong with a batch of receipts
/// @notice Anyone may challenge, until the deadline of the batch, at no cost but gas. The first conviction rejects the batch and
/// takes the least collateral and that of the convicted receipt; later ones, of other receipts, take theirs, until the last word on
/// the batch. The payer of a convicted receipt is compensated with its fee, the challenger has the reporter's share of the rest.
interface IReceiptChallenges {
    /// @notice A batch is void: the node lost its least collateral, and payers may still show what harmed them.
    event BatchRejected(BatchId indexed batchId, address indexed node, Fault fault, address indexed reporter);

    /// @notice A receipt was shown to be wrong, and its node lost `slashed`.
    event ReceiptConvicted(
        BatchId indexed batchId,
        uint256 indexed index,
        Fault fault,
        address indexed reporter,
        uint256 slashed
    );

    /// @notice A batch ended without anyone's fault: its enclave's key or code was voided after the fact.
    event BatchVoided(BatchId indexed batchId, address indexed node);

    /// @notice A challenger counted fees up to a receipt.
    event FeesCounted(BatchId indexed batchId, address indexed challenger, uint256 nextIndex, uint256 sum);

    /// @notice Nothing of this kind is wrong with the receipt.
    error ReceiptChallengesReceiptHolds(BatchId batchId, uint256 index);

    /// @notice The receipt was convicted before.
    error ReceiptChallengesConvictedBefore(BatchId batchId, uint256 index);

    /// @notice This is not what the receipt names.
    error ReceiptChallengesOtherData(bytes32 found, bytes32 wanted);

    /// @notice The receipt is of another tier.
    error ReceiptChallengesWrongTier(Tier tier);

    /// @notice Not enough gas for the verifier to come to its own conclusion.
    error ReceiptChallengesGasTooLow(uint256 available, uint256 required);

    /// @notice Receipts are counted in the order of their places, each once.
    error ReceiptChallengesOutOfOrder(uint256 index, uint256 earliest);

    /// @notice The other receipt does not contradict the first: it is the same, or has neither number nor request in common.
    error ReceiptChallengesNoContradiction(BatchId batchId, uint256 index);

    /// @notice The batch's signer did not sign this.
    error ReceiptChallengesNotSigned(address signer);

    /// @notice The receipt is one that its batch's signer cannot stand for: not its signature; another node or number than its
    /// place says; times that cannot be; in the Attested tier, a key that did not count for node and model, or a receipt that was
    /// too old when it was committed. If the key or its code was voided since, the batch ends without a slash.
    function challengeSignature(InferenceBatch calldata batch, ShownReceipt calldata shown) external;

    /// @notice The evidence that a receipt of the Proven tier names does not prove its answer. Reverts if no verifier reads such
    /// evidence (any more): who doubts such an answer demands a proof.
    /// @dev The caller brings the gas that a verifier may take, so that starving it is no way to convict.
    function challengeProof(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        bytes calldata output,
        bytes calldata evidence
    ) external;

    /// @notice The batch's signer signed another receipt for this ledger: with the same number, or for the same request.
    function challengeEquivocation(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        InferenceReceipt calldata other,
        bytes calldata otherSignature
    ) external;

    /// @notice The receipt contradicts the request that it names: other terms, another fee than the price says, or units that the
    /// model cannot have used.
    function challengeFee(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        DirectRequest calldata request,
        PriceQuote calldata quote
    ) external;

    /// @notice The fees of these receipts are more than the batch's total. They come in the order of their places; what is too much
    /// for one transaction goes on in the next, from where the caller stopped.
    function challengeTotal(InferenceBatch calldata batch, ShownReceipt[] calldata shown) external;

    /// @notice The receipt is of a model whose publisher wants leaves in calldata, and its batch has none.
    function challengePolicy(InferenceBatch calldata batch, ShownReceipt calldata shown) external;

    /// @notice Whether a receipt of a batch was convicted.
    function isConvicted(BatchId batchId, uint256 index) external view returns (bool);
}
