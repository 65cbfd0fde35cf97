// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Enclave, IEnclaveRegistry} from "../interfaces/IEnclaveRegistry.sol";
import {MeasurementTrust} from "../interfaces/IMeasurementPolicy.sol";
import {IModelRegistry, Model} from "../interfaces/IModelRegistry.sol";
import {Fault, IReceiptChallenges} from "../interfaces/IReceiptChallenges.sol";
import {IReceiptDemands} from "../interfaces/IReceiptDemands.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {Durations} from "../libraries/Durations.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {BatchId} from "../types/BatchId.sol";
import {BatchStatus} from "../types/BatchState.sol";
import {DirectRequest} from "../types/DirectRequest.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {InferenceReceipt} from "../types/InferenceReceipt.sol";
import {PriceQuote} from "../types/PriceQuote.sol";
import {ProofKind, ProofKinds} from "../types/ProofKind.sol";
import {RequestId} from "../types/RequestId.sol";
import {ShownReceipt} from "../types/ShownReceipt.sol";
import {Tier} from "../types/Tier.sol";
import {NO_KEY} from "../types/VerificationKey.sol";
import {Convicting} from "./Convicting.sol";

/// @title Challenging
/// @dev The part of the ledger that hears challenges. Each checks first that the receipt is in the batch, then that it is wrong.
///
/// AN HONEST NODE IS NEVER CONVICTED
///
/// What a receipt is held to is either in the receipt and its batch, or hashed into it, or was settled when the receipt was made
/// and cannot change: a model's key and sizes, a route that is open, the time for which a key counted. The one thing that can
/// change after the fact is that a key or its code is voided for its past; that ends a batch and slashes nobody.
abstract contract Challenging is IReceiptChallenges, Convicting {
    /// @notice Gas that a verifier is given: several times what the largest proof takes.
    uint256 public constant PROOF_GAS = 8_000_000;

    uint256 private constant COMPACT_BYTES = 64;

    IVerifierRouter public immutable VERIFIER_ROUTER;
    IModelRegistry public immutable MODEL_REGISTRY;
    IEnclaveRegistry public immutable ENCLAVE_REGISTRY;

    constructor(IVerifierRouter verifierRouter, IModelRegistry modelRegistry, IEnclaveRegistry enclaveRegistry) {
        VERIFIER_ROUTER = verifierRouter;
        MODEL_REGISTRY = modelRegistry;
        ENCLAVE_REGISTRY = enclaveRegistry;
    }

    // SIGNATURE

    /// @inheritdoc IReceiptChallenges
    function challengeSignature(InferenceBatch calldata batch, ShownReceipt calldata shown) external nonReentrant {
        Case memory found = _openCase(batch, shown);
        if (_isUnsound(found, batch, shown)) return _convictNow(found, batch, shown, Fault.Signature);
        bool isAttested = shown.receipt.tier == Tier.Attested;
        if (isAttested && _isTooOld(found, shown.receipt)) return _convictNow(found, batch, shown, Fault.Signature);
        require(
            isAttested && !_isAttested(batch.signer, shown.receipt),
            ReceiptChallengesReceiptHolds(found.id, shown.index)
        );
        if (!_wasVoided(batch.signer, shown.receipt)) return _convictNow(found, batch, shown, Fault.Signature);

        // A batch that was rejected stays so.
        _requireStatus(found, BatchStatus.Committed);
        _void(found, batch);
    }

    /// @dev Whether the receipt cannot be one of the signer at this place, whatever the tier.
    function _isUnsound(
        Case memory found,
        InferenceBatch calldata batch,
        ShownReceipt calldata shown
    ) private view returns (bool) {
        InferenceReceipt calldata receipt = shown.receipt;
        return
            receipt.node != found.state.node() ||
            receipt.seq != uint256(batch.firstSeq) + shown.index ||
            receipt.completedAt > batch.completedAt ||
            receipt.completedAt < receipt.startedAt ||
            !_isSigned(batch.signer, receipt, shown.signature);
    }

    /// @dev Whether the batch's signer, a key, signed a receipt for this ledger.
    function _isSigned(
        address signer,
        InferenceReceipt memory receipt,
        bytes calldata signature
    ) private view returns (bool) {
        if (signature.length != COMPACT_BYTES) return false;
        bytes32 digest = receipt.digest(address(this));
        return Signatures.isSignedByKey(signer, digest, bytes32(signature[:32]), bytes32(signature[32:]));
    }

    /// @dev Whether an enclave's receipt was too old when it was committed; see {AttestedVerifier}.
    function _isTooOld(Case memory found, InferenceReceipt calldata receipt) private pure returns (bool) {
        uint256 committedAt = found.state.deadline() - found.terms.challengeWindow;
        return receipt.completedAt + Durations.MAX_RECEIPT_AGE < committedAt;
    }

    /// @dev Whether the enclave's key counted for node and model when the receipt was made.
    function _isAttested(address signer, InferenceReceipt calldata receipt) private view returns (bool) {
        // Not with too little gas either: the part of it that is kept back would not suffice for what follows.
        try ENCLAVE_REGISTRY.requireAttested(signer, receipt.node, receipt.modelId, receipt.completedAt) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Whether the key counts no more for that time because it, or its code, was voided after the fact.
    function _wasVoided(address signer, InferenceReceipt calldata receipt) private view returns (bool) {
        Enclave memory enclave = ENCLAVE_REGISTRY.enclave(signer);
        if (enclave.operator != receipt.node) return false;
        if (enclave.revoked) return true;
        uint256 time = receipt.completedAt;
        if (time < enclave.from || time >= enclave.until) return false;
        MeasurementTrust memory trust = ENCLAVE_REGISTRY.measurementTrust(enclave.measurementId);
        return trust.revoked && time >= trust.from && time >= trust.until;
    }

    // PROOF

    /// @inheritdoc IReceiptChallenges
    function challengeProof(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        bytes calldata output,
        bytes calldata evidence
    ) external nonReentrant {
        Case memory found = _openCase(batch, shown);
        require(shown.receipt.tier == Tier.Proven, ReceiptChallengesWrongTier(shown.receipt.tier));
        _requireSame(keccak256(output), shown.receipt.outputHash);
        _requireSame(keccak256(evidence), shown.receipt.evidenceHash);
        require(!_isProven(shown.receipt, output, evidence), ReceiptChallengesReceiptHolds(found.id, shown.index));

        _convictNow(found, batch, shown, Fault.Proof);
    }

    function _isProven(
        InferenceReceipt calldata receipt,
        bytes calldata output,
        bytes calldata evidence
    ) private view returns (bool) {
        (ProofKind kind, bytes calldata proof) = ProofKinds.split(evidence);
        IVerifier verifier = VERIFIER_ROUTER.route(kind, Tier.Proven);
        InferenceClaim memory claim = _claimOf(receipt);
        // EIP-150 passes on at most 63/64 of what is left, silently; copying the arguments takes some of it first.
        uint256 required = (PROOF_GAS * 64) / 63 + 64 * (output.length + evidence.length) + 100_000;
        require(gasleft() >= required, ReceiptChallengesGasTooLow(gasleft(), required));
        try verifier.verify{gas: PROOF_GAS}(claim, output, proof) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev What a proof of a receipt is about. It is made for this ledger, in the place of a market.
    function _claimOf(InferenceReceipt calldata receipt) internal view returns (InferenceClaim memory) {
        return
            InferenceClaim({
                market: address(this),
                modelId: receipt.modelId,
                requestId: receipt.requestId,
                node: receipt.node,
                inputHash: receipt.inputHash
            });
    }

    // EQUIVOCATION

    /// @inheritdoc IReceiptChallenges
    function challengeEquivocation(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        InferenceReceipt calldata other,
        bytes calldata otherSignature
    ) external nonReentrant {
        Case memory found = _openCase(batch, shown);
        require(_isSigned(batch.signer, other, otherSignature), ReceiptChallengesNotSigned(batch.signer));
        require(_contradict(shown.receipt, other), ReceiptChallengesNoContradiction(found.id, shown.index));

        _convictNow(found, batch, shown, Fault.Equivocation);
    }

    function _contradict(InferenceReceipt memory a, InferenceReceipt memory b) private pure returns (bool) {
        return (a.seq == b.seq || a.requestId == b.requestId) && a.hashStruct() != b.hashStruct();
    }

    // FEE

    /// @inheritdoc IReceiptChallenges
    function challengeFee(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        DirectRequest calldata request,
        PriceQuote calldata quote
    ) external nonReentrant {
        Case memory found = _openCase(batch, shown);
        _requireTerms(shown.receipt, request, quote);
        require(
            !_isAsAsked(shown.receipt, request) || !_isAsQuoted(shown.receipt, quote) || !_isPossible(shown.receipt),
            ReceiptChallengesReceiptHolds(found.id, shown.index)
        );

        _convictNow(found, batch, shown, Fault.Fee);
    }

    /// @dev Reverts unless these are the request that the receipt names, and the quote that the request names.
    function _requireTerms(
        InferenceReceipt calldata receipt,
        DirectRequest calldata request,
        PriceQuote calldata quote
    ) internal view {
        RequestId requestId = request.requestIdOf(address(this));
        require(
            requestId == receipt.requestId,
            IReceiptDemands.ReceiptDemandsOtherRequest(requestId, receipt.requestId)
        );
        bytes32 quoteHash = quote.hashStruct();
        require(quoteHash == request.quoteHash, IReceiptDemands.ReceiptDemandsOtherQuote(quoteHash, request.quoteHash));
    }

    function _isAsAsked(InferenceReceipt calldata receipt, DirectRequest calldata request) private pure returns (bool) {
        return
            receipt.modelId == request.modelId &&
            receipt.tier == request.tier &&
            receipt.payer == request.payer &&
            receipt.node == request.node &&
            receipt.inputHash == request.inputHash;
    }

    function _isAsQuoted(InferenceReceipt calldata receipt, PriceQuote memory quote) private pure returns (bool) {
        return
            receipt.node == quote.node &&
            receipt.modelId == quote.modelId &&
            receipt.tier == quote.tier &&
            receipt.fee == quote.feeOf(receipt.inputUnits, receipt.outputUnits);
    }

    /// @dev Whether the model can have used these units: where it has a key, as many bytes as whole inferences take, and no more
    /// than a proof carries.
    function _isPossible(InferenceReceipt calldata receipt) private view returns (bool) {
        Model memory model = MODEL_REGISTRY.model(receipt.modelId);
        if (model.key == NO_KEY) return true;
        uint256 inferences = receipt.inputUnits / model.inputSize;
        return
            inferences != 0 &&
            inferences <= model.inferences &&
            receipt.inputUnits == inferences * model.inputSize &&
            receipt.outputUnits == inferences * model.outputSize;
    }

    // TOTAL

    /// @inheritdoc IReceiptChallenges
    function challengeTotal(InferenceBatch calldata batch, ShownReceipt[] calldata shown) external nonReentrant {
        Case memory found = _caseOf(batch);
        _requireStatus(found, BatchStatus.Committed);
        _requireOpen(found);
        FeeCount memory counted = _book().feeCounts[found.id][msg.sender];
        for (uint256 i = 0; i < shown.length; ++i) {
            _count(found, batch.root, counted, shown[i]);
        }
        _book().feeCounts[found.id][msg.sender] = counted;
        emit FeesCounted(found.id, msg.sender, counted.next, counted.sum);

        if (counted.sum > batch.totalFee) _condemn(found, batch.totalFee, Fault.Total, msg.sender);
    }

    function _count(
        Case memory found,
        bytes32 root,
        FeeCount memory counted,
        ShownReceipt calldata shown
    ) private pure {
        _requireIncluded(found, root, shown);
        uint256 index = shown.index;
        require(index >= counted.next, ReceiptChallengesOutOfOrder(index, counted.next));
        // Less than 4,096.
        counted.next = uint32(index + 1);
        counted.sum += shown.receipt.fee;
    }

    // POLICY

    /// @inheritdoc IReceiptChallenges
    function challengePolicy(InferenceBatch calldata batch, ShownReceipt calldata shown) external nonReentrant {
        Case memory found = _openCase(batch, shown);
        uint256 since = _book().leavesNeededSince[shown.receipt.modelId];
        require(
            since != 0 && shown.receipt.completedAt >= since && !found.state.hasLeaves(),
            ReceiptChallengesReceiptHolds(found.id, shown.index)
        );

        _convictNow(found, batch, shown, Fault.Policy);
    }

    // READ

    /// @inheritdoc IReceiptChallenges
    function isConvicted(BatchId batchId, uint256 index) external view returns (bool) {
        return _isConvicted(batchId, index);
    }

    // INSIDE

    /// @dev The batch with these members, which has this receipt and can be challenged.
    function _openCase(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown
    ) private view returns (Case memory found) {
        found = _caseOf(batch);
        _requireOpen(found);
        _requireIncluded(found, batch.root, shown);
    }

    function _convictNow(
        Case memory found,
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        Fault fault
    ) private {
        _convict(found, batch.totalFee, shown, fault, msg.sender);
    }

    function _requireSame(bytes32 hash, bytes32 wanted) private pure {
        require(hash == wanted, ReceiptChallengesOtherData(hash, wanted));
    }
}
