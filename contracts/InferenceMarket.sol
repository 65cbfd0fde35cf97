// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {Fulfilment, IInferenceMarket, RequestView, SharedFulfilment} from "./interfaces/IInferenceMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ChallengeTerms} from "./interfaces/IOptimisticMarket.sol";
import {IStaking, SlashOrder} from "./interfaces/IStaking.sol";
import {Durations} from "./libraries/Durations.sol";
import {BatchSettlement} from "./market/BatchSettlement.sol";
import {Callbacks} from "./market/Callbacks.sol";
import {OptimisticMarket} from "./market/OptimisticMarket.sol";
import {Requesting} from "./market/Requesting.sol";
import {Settling} from "./market/Settling.sol";
import {CollateralAllotments} from "./staking/CollateralAllotments.sol";
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
contract InferenceMarket is Settling, Requesting, CollateralAllotments, Callbacks, OptimisticMarket {
    using SafeCast for uint256;

    /// @notice Code of `fulfilBatch` and `fulfilShared`, which runs on this contract's storage.
    BatchSettlement public immutable BATCH_SETTLEMENT;

    /// @param batchSettlement Knows escrow, nodes, verifiers and prices; this contract takes them from there.
    constructor(
        IStaking staking,
        IModelRegistry modelRegistry,
        BatchSettlement batchSettlement
    )
        Settling(
            batchSettlement.FEE_ESCROW(),
            batchSettlement.NODE_REGISTRY(),
            batchSettlement.VERIFIER_ROUTER(),
            batchSettlement.FEE_POLICY()
        )
        Requesting(modelRegistry)
        CollateralAllotments(staking)
    {
        BATCH_SETTLEMENT = batchSettlement;
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
        emit RequestFulfilled(requestId, node, output);

        // Refuses a request that was never made.
        FEE_ESCROW.release(
            FeeSettlement({
                requestId: requestId,
                node: node,
                modelId: terms.modelId,
                fee: _feeOf(terms, state),
                royalty: terms.royalty
            })
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
        (ProofKind kind, bytes calldata proof) = ProofKinds.split(evidence);
        VERIFIER_ROUTER.route(kind, tier).verify(_claimOf(requestId, terms, node), output, proof);
    }

    function _require(bool isAccepted, bytes memory refusal) private pure {
        if (isAccepted) return;
        assembly ("memory-safe") {
            revert(add(refusal, 0x20), mload(refusal))
        }
    }

    // SETTLE MANY

    /// @inheritdoc IInferenceMarket
    function fulfilBatch(Fulfilment[] calldata) external {
        Address.functionDelegateCall(address(BATCH_SETTLEMENT), msg.data);
    }

    /// @inheritdoc IInferenceMarket
    function fulfilShared(address, SharedFulfilment[] calldata, bytes calldata) external {
        Address.functionDelegateCall(address(BATCH_SETTLEMENT), msg.data);
    }

    // END

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
