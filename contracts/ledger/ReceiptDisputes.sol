// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnclaveRegistry} from "../interfaces/IEnclaveRegistry.sol";
import {FeeSettlement, IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Fault} from "../interfaces/IReceiptChallenges.sol";
import {Demand, DemandStatus, IReceiptDemands} from "../interfaces/IReceiptDemands.sol";
import {IReceiptLedger} from "../interfaces/IReceiptLedger.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {BatchId} from "../types/BatchId.sol";
import {BatchStatus} from "../types/BatchState.sol";
import {DirectRequest} from "../types/DirectRequest.sol";
import {InferenceBatch} from "../types/InferenceBatch.sol";
import {ModelId} from "../types/ModelId.sol";
import {PriceQuote} from "../types/PriceQuote.sol";
import {RequestId} from "../types/RequestId.sol";
import {ShownReceipt} from "../types/ShownReceipt.sol";
import {Tier} from "../types/Tier.sol";
import {BatchBook} from "./BatchBook.sol";
import {Challenging} from "./Challenging.sol";

/// @title ReceiptDisputes
/// @dev Challenges and demands of the ledger, which runs this code as its own (`delegatecall`): a contract of its own, because
/// the ledger has no room for it. It stores nothing but in the ledger's books, whose places are fixed by ERC-7201; the ledger
/// takes its partners from here, so that both know the same. Called directly it finds no batches.
///
/// DEMANDS
///
/// What a batch commits to is known to its node, and maybe to nobody else. A demand makes it public, or ends the batch: whoever
/// cannot check a batch can at least have it checked. The bond pays the node for its trouble, so demanding everything of an
/// honest node is a way to pay it. A demand stays open, whatever else happens to its batch, until it is answered or expires: a
/// node cannot have itself convicted of something small instead of showing what it hides.
/// @custom:security-contact security@opengradient.ai
contract ReceiptDisputes is IReceiptDemands, Challenging {
    constructor(
        IStaking staking,
        IFeeEscrow escrow,
        IVerifierRouter verifierRouter,
        IModelRegistry modelRegistry,
        IEnclaveRegistry enclaveRegistry
    ) BatchBook(staking, escrow) Challenging(verifierRouter, modelRegistry, enclaveRegistry) {}

    // RECEIPTS

    /// @inheritdoc IReceiptDemands
    function demand(InferenceBatch calldata batch, uint256 index) external nonReentrant {
        Case memory found = _caseOf(batch);
        _requireDemandable(found);
        _requireInTime(found, found.state.deadline() - 2 * uint256(found.terms.responseWindow));
        require(index < found.state.count(), IReceiptLedger.ReceiptLedgerNotInBatch(found.id, index));
        uint40 deadline = _ask(found, _book().demands[found.id][index], index, found.terms.responseWindow);
        emit ReceiptDemanded(found.id, index, msg.sender, deadline);

        FEE_ESCROW.lock(_bondIdOf("opengradient.demand", found.id, index), msg.sender, found.terms.demandBond);
    }

    /// @inheritdoc IReceiptDemands
    function reveal(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        DirectRequest calldata request,
        PriceQuote calldata quote
    ) external nonReentrant {
        Case memory found = _caseOf(batch);
        uint256 index = shown.index;
        _answer(found, _book().demands[found.id][index], index);
        _requireIncluded(found, batch.root, shown);
        _requireTerms(shown.receipt, request, quote);
        emit ReceiptRevealed(found.id, index, shown, request, quote);

        RequestId bondId = _bondIdOf("opengradient.demand", found.id, index);
        _payBond(found, bondId, found.terms.demandBond, shown.receipt.modelId);
    }

    /// @inheritdoc IReceiptDemands
    function expireDemand(InferenceBatch calldata batch, uint256 index) external nonReentrant {
        Case memory found = _caseOf(batch);
        address demander = _expire(found, _book().demands[found.id][index], index);
        emit DemandExpired(found.id, index, demander);

        FEE_ESCROW.refund(_bondIdOf("opengradient.demand", found.id, index));
        if (found.state.status() != BatchStatus.Voided) _condemn(found, batch.totalFee, Fault.Withheld, demander);
    }

    // PROOFS

    /// @inheritdoc IReceiptDemands
    function demandProof(InferenceBatch calldata batch, ShownReceipt calldata shown) external nonReentrant {
        Case memory found = _caseOf(batch);
        uint256 index = shown.index;
        Tier tier = shown.receipt.tier;
        _requireDemandable(found);
        _requireInTime(found, found.state.deadline());
        _requireIncluded(found, batch.root, shown);
        require(tier == Tier.Optimistic || tier == Tier.Proven, ReceiptDemandsNotProvable(tier));
        require(!_isConvicted(found.id, index), ReceiptChallengesConvictedBefore(found.id, index));
        uint40 deadline = _ask(found, _book().proofDemands[found.id][index], index, found.terms.proveWindow);
        emit ProofDemanded(found.id, index, msg.sender, deadline);

        FEE_ESCROW.lock(_bondIdOf("opengradient.proof", found.id, index), msg.sender, found.terms.proofBond);
    }

    /// @inheritdoc IReceiptDemands
    function proveReceipt(
        InferenceBatch calldata batch,
        ShownReceipt calldata shown,
        bytes calldata output,
        bytes calldata evidence
    ) external nonReentrant {
        Case memory found = _caseOf(batch);
        _answer(found, _book().proofDemands[found.id][shown.index], shown.index);
        _requireIncluded(found, batch.root, shown);
        bytes32 outputHash = keccak256(output);
        require(
            outputHash == shown.receipt.outputHash,
            ReceiptDemandsOtherOutput(outputHash, shown.receipt.outputHash)
        );
        emit ReceiptProved(found.id, shown.index);

        VERIFIER_ROUTER.verify(Tier.Proven, _claimOf(shown.receipt), output, evidence);
        RequestId bondId = _bondIdOf("opengradient.proof", found.id, shown.index);
        _payBond(found, bondId, found.terms.proofBond, shown.receipt.modelId);
    }

    /// @inheritdoc IReceiptDemands
    function expireProof(InferenceBatch calldata batch, ShownReceipt calldata shown) external nonReentrant {
        Case memory found = _caseOf(batch);
        uint256 index = shown.index;
        _requireIncluded(found, batch.root, shown);
        address demander = _expire(found, _book().proofDemands[found.id][index], index);
        emit ProofExpired(found.id, index, demander);

        FEE_ESCROW.refund(_bondIdOf("opengradient.proof", found.id, index));
        bool isOver = found.state.status() == BatchStatus.Voided || _isConvicted(found.id, index);
        if (!isOver) _convict(found, batch.totalFee, shown, Fault.Unproved, demander);
    }

    // READ

    /// @inheritdoc IReceiptDemands
    function demandOf(BatchId batchId, uint256 index) external view returns (Demand memory) {
        return _book().demands[batchId][index];
    }

    /// @inheritdoc IReceiptDemands
    function proofDemandOf(BatchId batchId, uint256 index) external view returns (Demand memory) {
        return _book().proofDemands[batchId][index];
    }

    // EITHER WAY

    /// @dev Also of a rejected batch: what else it hides may harm others.
    function _requireDemandable(Case memory found) private pure {
        if (found.state.status() != BatchStatus.Rejected) _requireStatus(found, BatchStatus.Committed);
    }

    function _ask(
        Case memory found,
        Demand storage target,
        uint256 index,
        uint256 window
    ) private returns (uint40 deadline) {
        DemandStatus status = target.status;
        require(status == DemandStatus.None, ReceiptDemandsMadeBefore(found.id, index, status));

        // Windows are 32 bits, timestamps stay below 2^40 for 34,000 years.
        deadline = uint40(block.timestamp + window);
        (target.demander, target.deadline, target.status) = (msg.sender, deadline, DemandStatus.Open);
        _setState(found, found.state.withDemand());
    }

    function _answer(Case memory found, Demand storage target, uint256 index) private {
        _requireAsked(found, target, index);
        _requireInTime(found, target.deadline);

        target.status = DemandStatus.Answered;
        _setState(found, found.state.withoutDemand());
    }

    function _expire(Case memory found, Demand storage target, uint256 index) private returns (address demander) {
        _requireAsked(found, target, index);
        _requireOver(found, target.deadline);

        target.status = DemandStatus.Expired;
        _setState(found, found.state.withoutDemand());
        return target.demander;
    }

    function _requireAsked(Case memory found, Demand storage target, uint256 index) private view {
        DemandStatus status = target.status;
        require(status == DemandStatus.Open, ReceiptDemandsNotOpen(found.id, index, status));
    }

    /// @dev Gives the bond of a demand that was answered to the node.
    function _payBond(Case memory found, RequestId bondId, uint96 bond, ModelId modelId) private {
        FEE_ESCROW.release(
            FeeSettlement({requestId: bondId, node: found.state.node(), modelId: modelId, fee: bond, royalty: 0})
        );
    }

    /// @dev Bonds are locks in `FeeEscrow` as pots are; no batch can have this id, which is a hash of something longer.
    function _bondIdOf(string memory kind, BatchId id, uint256 index) private pure returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode(kind, id, index)));
    }
}
