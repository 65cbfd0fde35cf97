// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBatchChecker} from "./interfaces/IBatchChecker.sol";
import {FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IFeePolicy} from "./interfaces/IFeePolicy.sol";
import {Fulfilment, IInferenceMarket, RequestView} from "./interfaces/IInferenceMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {ChallengeTerms} from "./interfaces/IOptimisticMarket.sol";
import {IStaking, SlashOrder} from "./interfaces/IStaking.sol";
import {InferenceClaim, IVerifier} from "./interfaces/IVerifier.sol";
import {IVerifierRouter} from "./interfaces/IVerifierRouter.sol";
import {Durations} from "./libraries/Durations.sol";
import {Callbacks} from "./market/Callbacks.sol";
import {CollateralAllotments} from "./market/CollateralAllotments.sol";
import {OptimisticMarket} from "./market/OptimisticMarket.sol";
import {Requesting} from "./market/Requesting.sol";
import {WorkMeter} from "./market/WorkMeter.sol";
import {InferenceRequest} from "./types/InferenceRequest.sol";
import {NodeRole} from "./types/NodeRole.sol";
import {ProofKind, ProofKinds} from "./types/ProofKind.sol";
import {RequestId} from "./types/RequestId.sol";
import {RequestState, RequestStates, RequestStatus} from "./types/RequestState.sol";
import {Tier} from "./types/Tier.sol";

/// @title InferenceMarket
/// @dev From lock to settlement; `contracts/market/` has the other parts: making requests, collateral, callbacks, optimistic
/// answers, the price of work.
///
/// PRICE
///
/// A request is offered at the price of its work, which is in its terms, and the offer rises until a node takes it: locks
/// it, or serves it unlocked. That moment fixes the fee; it is kept beside the lock, not the fee, which follows from it.
///
/// PAUSE
///
/// Only making requests can be paused. Locking and serving what was asked for, and getting money back, never is.
///
/// WHAT THIS TRUSTS
///
/// - `FeeEscrow` and `Staking`, to hold what they say and to move it as told.
/// - `ModelRegistry` and `NodeRegistry`, to report registrations truthfully.
/// - `FeePolicy`, to say what a new window costs.
/// - The verifiers that governance routed: a verifier that accepts anything would pay any node that answers.
/// - Nothing about payers, nodes and consumers.
/// @custom:security-contact security@opengradient.ai
contract InferenceMarket is Requesting, CollateralAllotments, Callbacks, OptimisticMarket {
    using SafeCast for uint256;

    INodeRegistry public immutable NODE_REGISTRY;
    IVerifierRouter public immutable VERIFIER_ROUTER;
    IBatchChecker public immutable BATCH_CHECKER;

    constructor(
        IFeeEscrow escrow,
        IStaking staking,
        IModelRegistry modelRegistry,
        INodeRegistry nodeRegistry,
        IVerifierRouter verifierRouter,
        IBatchChecker batchChecker,
        IFeePolicy feePolicy
    ) Requesting(escrow, modelRegistry) CollateralAllotments(staking) WorkMeter(feePolicy) {
        NODE_REGISTRY = nodeRegistry;
        VERIFIER_ROUTER = verifierRouter;
        BATCH_CHECKER = batchChecker;
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    /// @param terms Terms of optimistic answers and challenges.
    function initialize(address authority, ChallengeTerms calldata terms) external initializer {
        __AccessManaged_init(authority);
        _setChallengeTerms(terms);
    }

    // LOCK

    /// @inheritdoc IInferenceMarket
    function lock(InferenceRequest calldata terms, address node) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        require(isOpen(requestId), InferenceMarketNotOpen(requestId, _stateOf(requestId).status()));
        _requireInTime(requestId, terms.expiry);
        _requireRipe(requestId, terms.rampStart);
        _lock(requestId, terms, node);
    }

    /// @inheritdoc Requesting
    function _lock(RequestId requestId, InferenceRequest calldata terms, address node) internal override {
        NODE_REGISTRY.requireActor(node, NodeRole.Inference, msg.sender);
        uint256 limit = FEE_ESCROW.maxPerRequest(node);
        require(terms.maxFee <= limit, InferenceMarketOverExposure(node, terms.maxFee, limit));

        uint256 deadline = Math.min(block.timestamp + terms.lockSeconds, terms.expiry);
        _setState(requestId, RequestStates.locked(node, block.timestamp.toUint40(), deadline.toUint40()));
        emit RequestLocked(requestId, node, terms.collateral, deadline);

        uint256 lastDeadline = terms.tier == Tier.Optimistic ? deadline + Durations.MAX_DISPUTE : deadline;
        if (terms.collateral != 0) _useCollateral(node, terms.collateral, lastDeadline);
    }

    // SETTLE

    /// @inheritdoc IInferenceMarket
    function fulfil(
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) external {
        RequestId requestId = _requestIdOf(terms);
        if (terms.tier == Tier.Optimistic) return _answer(requestId, terms, node, output, evidence);
        _settle(requestId, terms, node, output, evidence);
        _deliver(requestId, terms, output);
    }

    /// @dev An optimistic answer: not paid yet.
    function _answer(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) private nonReentrant {
        RequestState state = _requireServable(requestId, terms, node);
        require(state.isLocked(), OptimisticMarketNotLocked(requestId));
        require(
            msg.sender == node || NODE_REGISTRY.node(node).signer == msg.sender,
            OptimisticMarketNotNode(requestId, msg.sender, node)
        );
        _post(requestId, state, output, evidence);
    }

    function _settle(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) private nonReentrant {
        RequestState state = _requireServable(requestId, terms, node);
        _check(requestId, terms, terms.tier, node, output, evidence);
        _pay(requestId, terms, node, state, output);
    }

    /// @dev Ends a request as served by `node`, and pays.
    function _pay(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        RequestState state,
        bytes calldata output
    ) private {
        _setState(requestId, state.served(node));
        if (state.isTaken() && terms.collateral != 0) _freeCollateral(node, terms.collateral, state.deadline());
        _observe(terms.work);
        // The terms are those of a request that was made, so neither the subtraction nor the cast can fail.
        uint96 fee = uint96(terms.feeAt(state.isTaken() ? state.lockTime() : block.timestamp));
        emit RequestFulfilled(requestId, node, output);

        // Refuses a request that was never made.
        FEE_ESCROW.release(
            requestId,
            FeeSettlement({node: node, modelId: terms.modelId, fee: fee, royalty: terms.royalty})
        );
    }

    /// @dev Returns the state, which is locked by `node` or none.
    function _requireServable(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node
    ) private view returns (RequestState state) {
        state = _stateOf(requestId);
        (bool isServable, bytes memory refusal) = _isServable(requestId, terms, node, state);
        _require(isServable, refusal);
    }

    /// @inheritdoc OptimisticMarket
    function _check(
        RequestId requestId,
        InferenceRequest calldata terms,
        Tier tier,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) internal view override {
        (bool isProved, bytes memory refusal) = _isProved(_claimOf(requestId, terms, node), tier, output, evidence);
        _require(isProved, refusal);
    }

    // JUDGE
    //
    // A batch skips what a single call refuses. So refusals are values here: whether it is accepted, and if not, the error
    // that a call reverts with.

    function _require(bool isAccepted, bytes memory refusal) private pure {
        if (isAccepted) return;
        assembly ("memory-safe") {
            revert(add(refusal, 0x20), mload(refusal))
        }
    }

    /// @dev Whether `node` may serve a request in this state now.
    function _isServable(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        RequestState state
    ) private view returns (bool, bytes memory refusal) {
        RequestStatus status = state.status();
        if (state.isSettled()) {
            return (false, abi.encodeWithSelector(InferenceMarketSettled.selector, requestId, status));
        }
        if (status == RequestStatus.None) return _isOpenTo(requestId, terms, node);
        if (status != RequestStatus.Locked) {
            return (false, abi.encodeWithSelector(InferenceMarketNotOpen.selector, requestId, status));
        }
        address locker = state.node();
        if (locker != node) {
            return (false, abi.encodeWithSelector(InferenceMarketLockedByOther.selector, requestId, locker, node));
        }
        return _isInTime(requestId, state.deadline());
    }

    /// @dev Whether `node` may serve a request that nobody has locked.
    function _isOpenTo(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node
    ) private view returns (bool, bytes memory refusal) {
        uint256 madeAt = terms.rampStart;
        if (block.timestamp <= madeAt) {
            return (false, abi.encodeWithSelector(InferenceMarketTooFresh.selector, requestId, madeAt));
        }
        try NODE_REGISTRY.requireRole(node, NodeRole.Inference) {
            return _isInTime(requestId, terms.expiry);
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    function _isInTime(RequestId requestId, uint256 deadline) private view returns (bool, bytes memory refusal) {
        if (block.timestamp <= deadline) return (true, refusal);
        return (false, abi.encodeWithSelector(InferenceMarketTooLate.selector, requestId, block.timestamp, deadline));
    }

    /// @dev Whether the evidence shows the claim to be true, in this tier.
    function _isProved(
        InferenceClaim memory claim,
        Tier tier,
        bytes calldata output,
        bytes calldata evidence
    ) private view returns (bool, bytes memory refusal) {
        (bool isNamed, ProofKind kind, bytes calldata proof) = ProofKinds.trySplit(evidence);
        if (!isNamed) {
            return (false, abi.encodeWithSelector(ProofKinds.ProofKindMissing.selector, evidence.length));
        }
        try VERIFIER_ROUTER.route(kind, tier) returns (IVerifier verifier) {
            try verifier.verify(claim, output, proof) {
                return (true, refusal);
            } catch (bytes memory reason) {
                return (false, reason);
            }
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    function _claimOf(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node
    ) private view returns (InferenceClaim memory) {
        return
            InferenceClaim({
                market: address(this),
                modelId: terms.modelId,
                requestId: requestId,
                node: node,
                inputHash: terms.inputHash
            });
    }

    // SETTLE MANY

    /// @inheritdoc IInferenceMarket
    function fulfilBatch(Fulfilment[] calldata fulfilments) external {
        (RequestId[] memory requestIds, bool[] memory isAwaited) = _settleMany(fulfilments);

        for (uint256 i = 0; i < requestIds.length; ++i) {
            if (isAwaited[i]) _deliver(requestIds[i], fulfilments[i].terms, fulfilments[i].output);
        }
    }

    /// @dev Returns whose consumers wait for an output that was accepted.
    function _settleMany(
        Fulfilment[] calldata fulfilments
    ) private nonReentrant returns (RequestId[] memory requestIds, bool[] memory isAwaited) {
        uint256 count = fulfilments.length;
        uint256 provenCount = 0;
        requestIds = new RequestId[](count);
        isAwaited = new bool[](count);
        for (uint256 i = 0; i < count; ++i) {
            requestIds[i] = _requestIdOf(fulfilments[i].terms);
            if (fulfilments[i].terms.tier == Tier.Proven) ++provenCount;
        }
        // One is cheaper to check on its own.
        bool areChecked = provenCount > 1 && _holdTogether(requestIds, fulfilments);
        for (uint256 i = 0; i < count; ++i) {
            Fulfilment calldata item = fulfilments[i];
            isAwaited[i] = _trySettle(requestIds[i], item, areChecked) && item.terms.consumer != address(0);
        }
    }

    /// @dev Whatever goes wrong here, checking one by one will tell.
    function _holdTogether(
        RequestId[] memory requestIds,
        Fulfilment[] calldata fulfilments
    ) private view returns (bool) {
        try BATCH_CHECKER.holdTogether(requestIds, fulfilments) returns (bool hold) {
            return hold;
        } catch {
            return false;
        }
    }

    function _trySettle(
        RequestId requestId,
        Fulfilment calldata item,
        bool areChecked
    ) private returns (bool isAccepted) {
        RequestState state = _stateOf(requestId);
        bytes memory refusal;
        (isAccepted, refusal) = _judge(requestId, item, state, areChecked);
        if (isAccepted) _pay(requestId, item.terms, item.node, state, item.output);
        else emit FulfilmentSkipped(requestId, refusal);
    }

    function _judge(
        RequestId requestId,
        Fulfilment calldata item,
        RequestState state,
        bool areChecked
    ) private view returns (bool isAccepted, bytes memory refusal) {
        Tier tier = item.terms.tier;
        if (tier == Tier.Optimistic) {
            return (false, abi.encodeWithSelector(OptimisticMarketSingly.selector, requestId));
        }
        // `FeeEscrow` would refuse it, and undo the whole batch.
        if (!state.isTaken() && !_isHeld(requestId)) {
            return (false, abi.encodeWithSelector(InferenceMarketNotOpen.selector, requestId, state.status()));
        }
        (isAccepted, refusal) = _isServable(requestId, item.terms, item.node, state);
        if (!isAccepted || (areChecked && tier == Tier.Proven)) return (isAccepted, refusal);
        return _isProved(_claimOf(requestId, item.terms, item.node), tier, item.output, item.evidence);
    }

    /// @inheritdoc IInferenceMarket
    function expire(InferenceRequest calldata terms) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        RequestState state = _stateOf(requestId);
        require(!state.isSettled(), InferenceMarketSettled(requestId, state.status()));
        // A posted answer ends by `finalize`.
        require(state.status() != RequestStatus.Posted, InferenceMarketNotOpen(requestId, RequestStatus.Posted));
        bool wasTaken = state.isTaken();
        uint256 deadline = wasTaken ? state.deadline() : terms.expiry;
        _requireOver(requestId, deadline);
        address node = state.node();
        bool isClaimable = block.timestamp <= deadline + Durations.CLAIM_WINDOW;
        uint128 slashed = wasTaken && isClaimable ? terms.collateral : 0;
        address reporter = msg.sender;

        if (state.status() == RequestStatus.Challenged) {
            _setState(requestId, RequestStates.rejected(node));
            emit RequestRejected(requestId, node, terms.maxFee, slashed);
            reporter = _reject(requestId);
        } else {
            _setState(requestId, RequestStates.expired(node));
            emit RequestExpired(requestId, node, terms.maxFee, slashed);
        }
        if (wasTaken && !isClaimable) _freeCollateral(node, terms.collateral, deadline);

        // Refuses a request that was never made.
        FEE_ESCROW.refund(requestId);
        if (slashed != 0) {
            STAKING.slash(
                SlashOrder({
                    operator: node,
                    amount: slashed,
                    payer: terms.payer,
                    harm: terms.maxFee,
                    reporter: reporter
                })
            );
        }
    }

    // DELIVER

    /// @inheritdoc OptimisticMarket
    function _deliver(RequestId requestId, InferenceRequest calldata terms, bytes calldata output) internal override {
        if (terms.consumer != address(0)) _callBack(requestId, terms.consumer, terms.callbackGas, output);
    }

    // FOR OPTIMISTIC ANSWERS

    /// @inheritdoc OptimisticMarket
    function _payServed(
        RequestId requestId,
        InferenceRequest calldata terms,
        RequestState state,
        bytes calldata output
    ) internal override {
        _pay(requestId, terms, state.node(), state, output);
    }

    /// @inheritdoc OptimisticMarket
    function _escrow() internal view override returns (IFeeEscrow) {
        return FEE_ESCROW;
    }

    // READ

    /// @inheritdoc IInferenceMarket
    function feeAt(InferenceRequest calldata terms, uint256 time) external pure returns (uint256) {
        return terms.feeAt(time);
    }

    /// @inheritdoc IInferenceMarket
    function requestIdOf(InferenceRequest calldata terms) external view returns (RequestId) {
        return _requestIdOf(terms);
    }

    /// @inheritdoc IInferenceMarket
    function stateOf(RequestId requestId) external view returns (RequestView memory) {
        RequestState state = _stateOf(requestId);
        return
            RequestView({
                status: state.status(),
                outcome: state.outcome(),
                node: state.node(),
                deadline: state.deadline(),
                lockTime: state.lockTime()
            });
    }

    /// @inheritdoc IInferenceMarket
    function feeEscrow() external view returns (IFeeEscrow) {
        return FEE_ESCROW;
    }

    /// @inheritdoc IInferenceMarket
    function isOpen(RequestId requestId) public view returns (bool) {
        return _stateOf(requestId).status() == RequestStatus.None && _isHeld(requestId);
    }
}
