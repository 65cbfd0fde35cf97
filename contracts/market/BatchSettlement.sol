// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IBatchVerifier} from "../interfaces/IBatchVerifier.sol";
import {FeeSettlement, IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IFeePolicy} from "../interfaces/IFeePolicy.sol";
import {Fulfilment, IInferenceMarket, SharedFulfilment} from "../interfaces/IInferenceMarket.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IOptimisticMarket} from "../interfaces/IOptimisticMarket.sol";
import {ISharedProofVerifier, NodeClaim, SharedAnswer} from "../interfaces/ISharedProofVerifier.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {ModelId} from "../types/ModelId.sol";
import {ProofKind, ProofKinds} from "../types/ProofKind.sol";
import {RequestId} from "../types/RequestId.sol";
import {RequestState} from "../types/RequestState.sol";
import {Tier} from "../types/Tier.sol";
import {Settling} from "./Settling.sol";

/// @title BatchSettlement
/// @dev `fulfilBatch` and `fulfilShared` of the market, which runs this code as its own (`delegatecall`): a contract of its own, because the
/// market has no room left for it. It stores nothing but in the market's books, whose places are fixed by ERC-7201; the
/// market takes its partners from here, so that both know the same. Called directly it finds no requests.
///
/// RUNS
///
/// What neighbours in a batch share is done once for them: the price counts the work of all; `FeeEscrow` pays all fees in one
/// call; a node's collateral is read and written once for its answers in a row, and so is the route to a verifier.
/// Everything outside is written at the end, after the last verifier was asked; verifiers cannot change anything.
/// @custom:security-contact security@opengradient.ai
contract BatchSettlement is Settling, ReentrancyGuardTransient {
    /// @dev What has been accepted so far, and is not written yet.
    struct Batch {
        FeeSettlement[] settlements;
        uint256 count; // of `settlements`
        uint256 work;
        address node; // whose `allotment` this is
        Allotment allotment;
        Route route;
    }

    /// @dev Where the last evidence went.
    struct Route {
        ProofKind kind;
        Tier tier;
        IVerifier verifier; // zero: none asked for yet
    }

    /// @dev What one verifier is asked at once.
    struct Proofs {
        Route route;
        InferenceClaim[] claims;
        bytes[] outputs;
        bytes[] proofs; // without their kinds
        uint256 count; // of each
    }

    constructor(
        IFeeEscrow escrow,
        INodeRegistry nodeRegistry,
        IVerifierRouter verifierRouter,
        IFeePolicy feePolicy
    ) Settling(escrow, nodeRegistry, verifierRouter, feePolicy) {}

    /// @notice See {IInferenceMarket-fulfilBatch}.
    function fulfilBatch(Fulfilment[] calldata fulfilments) external {
        (RequestId[] memory requestIds, bool[] memory areAwaited) = _settleAll(fulfilments);

        for (uint256 i = 0; i < requestIds.length; ++i) {
            if (areAwaited[i]) _deliver(requestIds[i], fulfilments[i].terms, fulfilments[i].output);
        }
    }

    /// @dev Returns for which requests an output was accepted that a consumer waits for.
    function _settleAll(
        Fulfilment[] calldata fulfilments
    ) private nonReentrant returns (RequestId[] memory requestIds, bool[] memory areAwaited) {
        uint256 count = fulfilments.length;
        if (count == 0) return (requestIds, areAwaited);
        uint256 provenCount;
        (requestIds, provenCount) = _requestIdsOf(fulfilments);
        areAwaited = new bool[](count);
        // One is cheaper to check on its own.
        bool areProved = provenCount > 1 && _holdTogether(requestIds, fulfilments, provenCount);

        Batch memory batch;
        batch.settlements = new FeeSettlement[](count);
        for (uint256 i = 0; i < count; ++i) {
            Fulfilment calldata item = fulfilments[i];
            bool isAccepted = _trySettle(batch, requestIds[i], item, areProved);
            areAwaited[i] = isAccepted && item.terms.consumer != address(0);
        }
        _write(batch);
    }

    /// @dev Also returns how many requests are of the Proven tier.
    function _requestIdsOf(
        Fulfilment[] calldata fulfilments
    ) private view returns (RequestId[] memory requestIds, uint256 provenCount) {
        bytes32 domainSeparator = _domainSeparatorV4();
        requestIds = new RequestId[](fulfilments.length);
        for (uint256 i = 0; i < requestIds.length; ++i) {
            InferenceRequest calldata terms = fulfilments[i].terms;
            requestIds[i] = _requestIdOf(terms, domainSeparator);
            if (terms.tier == Tier.Proven) ++provenCount;
        }
    }

    // ONE BY ONE

    function _trySettle(
        Batch memory batch,
        RequestId requestId,
        Fulfilment calldata item,
        bool areProved
    ) private returns (bool isAccepted) {
        RequestState state = _stateOf(requestId);
        bytes memory refusal;
        (isAccepted, refusal) = _judge(batch.route, requestId, item, state, areProved);
        if (isAccepted) _settle(batch, requestId, item.terms, item.node, item.output, state);
        else emit IInferenceMarket.FulfilmentSkipped(requestId, refusal);
    }

    function _judge(
        Route memory route,
        RequestId requestId,
        Fulfilment calldata item,
        RequestState state,
        bool areProved
    ) private view returns (bool isAccepted, bytes memory refusal) {
        InferenceRequest calldata terms = item.terms;
        Tier tier = terms.tier;
        if (tier == Tier.Optimistic) {
            return (false, abi.encodeWithSelector(IOptimisticMarket.OptimisticMarketSingly.selector, requestId));
        }
        (isAccepted, refusal) = _isPayable(requestId, terms, item.node, state);
        if (!isAccepted || (areProved && tier == Tier.Proven)) return (isAccepted, refusal);
        bytes calldata proof;
        (isAccepted, refusal, proof) = _follow(route, item.evidence, tier);
        if (!isAccepted) return (isAccepted, refusal);
        try route.verifier.verify(_claimOf(requestId, terms, item.node), item.output, proof) {
            return (true, refusal);
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    /// @dev Whether `node` may serve a request now, and there is money for it.
    function _isPayable(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        RequestState state
    ) private view returns (bool, bytes memory refusal) {
        if (state.isTaken() || _isHeld(requestId)) return _isServable(requestId, terms, node, state);
        // `FeeEscrow` would refuse it, and undo the whole batch.
        refusal = abi.encodeWithSelector(IInferenceMarket.InferenceMarketNotOpen.selector, requestId, state.status());
        return (false, refusal);
    }

    /// @dev Makes `route` that of this evidence, which most of the time it is, and returns the proof in it.
    function _follow(
        Route memory route,
        bytes calldata evidence,
        Tier tier
    ) private view returns (bool isRouted, bytes memory refusal, bytes calldata proof) {
        ProofKind kind;
        (isRouted, kind, proof) = ProofKinds.trySplit(evidence);
        if (!isRouted) {
            refusal = abi.encodeWithSelector(ProofKinds.ProofKindMissing.selector, evidence.length);
            return (false, refusal, proof);
        }
        bool isSame = ProofKind.unwrap(kind) == ProofKind.unwrap(route.kind) && tier == route.tier;
        if (isSame && address(route.verifier) != address(0)) return (true, refusal, proof);

        route.verifier = IVerifier(address(0));
        try VERIFIER_ROUTER.route(kind, tier) returns (IVerifier verifier) {
            (route.kind, route.tier, route.verifier) = (kind, tier, verifier);
            return (true, refusal, proof);
        } catch (bytes memory reason) {
            return (false, reason, proof);
        }
    }

    function _settle(
        Batch memory batch,
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        RequestState state
    ) private {
        _setState(requestId, state.served(node));
        emit IInferenceMarket.RequestFulfilled(requestId, node, output);

        uint128 collateral = terms.collateral;
        if (state.isTaken() && collateral != 0) _free(batch, node, collateral);
        batch.work += terms.work;
        FeeSettlement memory settlement = batch.settlements[batch.count++];
        settlement.requestId = requestId;
        settlement.node = node;
        settlement.modelId = terms.modelId;
        settlement.fee = _feeOf(terms, state);
        settlement.royalty = terms.royalty;
    }

    // ALL BY ONE PROOF

    /// @notice See {IInferenceMarket-fulfilShared}.
    function fulfilShared(address node, SharedFulfilment[] calldata fulfilments, bytes calldata evidence) external {
        (RequestId[] memory requestIds, bool[] memory areAwaited) = _settleShared(node, fulfilments, evidence);

        for (uint256 i = 0; i < requestIds.length; ++i) {
            if (areAwaited[i]) _deliver(requestIds[i], fulfilments[i].terms, fulfilments[i].output);
        }
    }

    function _settleShared(
        address node,
        SharedFulfilment[] calldata fulfilments,
        bytes calldata evidence
    ) private nonReentrant returns (RequestId[] memory requestIds, bool[] memory areAwaited) {
        uint256 count = fulfilments.length;
        if (count == 0) return (requestIds, areAwaited);
        ModelId modelId = fulfilments[0].terms.modelId;
        requestIds = _checkShared(modelId, node, fulfilments, evidence);

        areAwaited = new bool[](count);
        Batch memory batch;
        batch.settlements = new FeeSettlement[](count);
        for (uint256 i = 0; i < count; ++i) {
            bool isAccepted = _trySettleShared(batch, requestIds[i], node, fulfilments[i], modelId);
            areAwaited[i] = isAccepted && fulfilments[i].terms.consumer != address(0);
        }
        _write(batch);
    }

    /// @dev Reverts unless the proof holds for all answers. Says nothing of whether their requests can be served.
    function _checkShared(
        ModelId modelId,
        address node,
        SharedFulfilment[] calldata fulfilments,
        bytes calldata evidence
    ) private view returns (RequestId[] memory requestIds) {
        bytes32 domainSeparator = _domainSeparatorV4();
        requestIds = new RequestId[](fulfilments.length);
        SharedAnswer[] memory answers = new SharedAnswer[](fulfilments.length);
        for (uint256 i = 0; i < requestIds.length; ++i) {
            InferenceRequest calldata terms = fulfilments[i].terms;
            requestIds[i] = _requestIdOf(terms, domainSeparator);
            answers[i] = SharedAnswer({
                requestId: requestIds[i],
                inputHash: terms.inputHash,
                output: fulfilments[i].output
            });
        }
        (ProofKind kind, bytes calldata proof) = ProofKinds.split(evidence);
        address verifier = address(VERIFIER_ROUTER.route(kind, Tier.Proven));
        NodeClaim memory claim = NodeClaim({market: address(this), modelId: modelId, node: node});
        ISharedProofVerifier(verifier).verifyShared(claim, answers, proof);
    }

    function _trySettleShared(
        Batch memory batch,
        RequestId requestId,
        address node,
        SharedFulfilment calldata item,
        ModelId modelId
    ) private returns (bool isAccepted) {
        RequestState state = _stateOf(requestId);
        bytes memory refusal;
        (isAccepted, refusal) = _judgeShared(requestId, item.terms, node, state, modelId);
        if (isAccepted) _settle(batch, requestId, item.terms, node, item.output, state);
        else emit IInferenceMarket.FulfilmentSkipped(requestId, refusal);
    }

    function _judgeShared(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        RequestState state,
        ModelId modelId
    ) private view returns (bool isAccepted, bytes memory refusal) {
        if (terms.modelId == modelId && terms.tier == Tier.Proven) {
            return _isPayable(requestId, terms, node, state);
        }
        refusal = abi.encodeWithSelector(
            IInferenceMarket.InferenceMarketNotShared.selector,
            requestId,
            terms.modelId,
            terms.tier
        );
        return (false, refusal);
    }

    // WRITE

    /// @dev Frees collateral of the node whose turn it is.
    function _free(Batch memory batch, address node, uint128 amount) private {
        if (node != batch.node) {
            _writeAllotment(batch);
            (batch.node, batch.allotment) = (node, _allotmentOf(node));
        }
        // The request is in time, so the allotment that it was locked with has not lapsed.
        batch.allotment.free += amount;
    }

    function _writeAllotment(Batch memory batch) private {
        if (batch.node != address(0)) _setAllotment(batch.node, batch.allotment);
    }

    function _write(Batch memory batch) private {
        FeeSettlement[] memory settlements = batch.settlements;
        uint256 count = batch.count;
        if (count == 0) return;
        assembly ("memory-safe") {
            mstore(settlements, count) // never more than it was
        }
        _writeAllotment(batch);
        _observe(batch.work);

        FEE_ESCROW.releaseMany(settlements);
    }

    // TOGETHER

    /// @dev Whether the evidence of all answers of the Proven tier, of which there are `count`, holds, checked together; false if
    /// they cannot be. Whatever goes wrong here, checking one by one will tell.
    function _holdTogether(
        RequestId[] memory requestIds,
        Fulfilment[] calldata fulfilments,
        uint256 count
    ) private view returns (bool) {
        Proofs memory proofs = Proofs({
            route: Route(ProofKind.wrap(0), Tier.Proven, IVerifier(address(0))),
            claims: new InferenceClaim[](count),
            outputs: new bytes[](count),
            proofs: new bytes[](count),
            count: 0
        });
        for (uint256 i = 0; i < fulfilments.length; ++i) {
            if (fulfilments[i].terms.tier != Tier.Proven) continue;
            if (!_tryAdd(proofs, requestIds[i], fulfilments[i])) return false;
        }
        IBatchVerifier verifier = IBatchVerifier(address(proofs.route.verifier));
        try verifier.verifyBatch(proofs.claims, proofs.outputs, proofs.proofs) returns (bool hold) {
            return hold;
        } catch {
            return false;
        }
    }

    /// @dev False if the proof goes to no verifier, or to another one than those before.
    function _tryAdd(Proofs memory proofs, RequestId requestId, Fulfilment calldata item) private view returns (bool) {
        IVerifier before = proofs.route.verifier;
        (bool isRouted, , bytes calldata proof) = _follow(proofs.route, item.evidence, Tier.Proven);
        uint256 next = proofs.count++;
        if (!isRouted || (next != 0 && address(proofs.route.verifier) != address(before))) return false;
        proofs.claims[next] = _claimOf(requestId, item.terms, item.node);
        proofs.outputs[next] = item.output;
        proofs.proofs[next] = proof;
        return true;
    }
}
