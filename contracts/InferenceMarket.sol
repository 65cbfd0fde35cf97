// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBatchChecker} from "./interfaces/IBatchChecker.sol";
import {WorkMeter} from "./WorkMeter.sol";
import {FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IFeePolicy, PriceState} from "./interfaces/IFeePolicy.sol";
import {Fulfilment, IInferenceMarket, RequestParameters, RequestView} from "./interfaces/IInferenceMarket.sol";
import {IModelRegistry, ModelOffer} from "./interfaces/IModelRegistry.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {ChallengeTerms} from "./interfaces/IOptimisticMarket.sol";
import {IStaking, SlashOrder} from "./interfaces/IStaking.sol";
import {InferenceClaim, IVerifier} from "./interfaces/IVerifier.sol";
import {IVerifierRouter} from "./interfaces/IVerifierRouter.sol";
import {Durations} from "./libraries/Durations.sol";
import {Callbacks} from "./market/Callbacks.sol";
import {CollateralAllotments} from "./market/CollateralAllotments.sol";
import {OptimisticMarket} from "./market/OptimisticMarket.sol";
import {InferenceRequest} from "./types/InferenceRequest.sol";
import {ModelId} from "./types/ModelId.sol";
import {NodeRole} from "./types/NodeRole.sol";
import {ProofKind} from "./types/ProofKind.sol";
import {RequestId} from "./types/RequestId.sol";
import {RequestState, RequestStates, RequestStatus} from "./types/RequestState.sol";
import {Tier} from "./types/Tier.sol";

/// @title InferenceMarket
/// @dev ONE SLOT PER REQUEST
///
/// A request's terms are never stored: their hash is its id, and every call brings them along. A request that exists but
/// has no state is open; its existence is the lock in `FeeEscrow`. The first state is written by `lock` or settlement.
///
/// WHAT THIS TRUSTS
///
/// - `FeeEscrow` and `Staking`, to hold what they say and to move it as told.
/// - `ModelRegistry` and `NodeRegistry`, to report registrations truthfully.
/// - `FeePolicy`, to say what a new window costs.
/// - The verifiers that governance routed: a verifier that accepts anything would pay any node that answers.
/// - Nothing about payers, nodes and consumers.
///
/// The domain separator comes from the non-upgradeable {EIP712}: its cached parts are immutables, which a proxy shares,
/// where the upgradeable variant reads two strings from storage each time.
/// @custom:security-contact security@opengradient.ai
contract InferenceMarket is IInferenceMarket, CollateralAllotments, Callbacks, OptimisticMarket, WorkMeter, EIP712 {
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:opengradient.storage.InferenceMarket
    struct Storage {
        mapping(RequestId requestId => RequestState) states;
    }

    /// @notice Most gas a callback may ask for.
    uint256 public constant MAX_CALLBACK_GAS = 5_000_000;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.InferenceMarket"));

    uint256 private constant KIND_BYTES = 4;

    IFeeEscrow public immutable FEE_ESCROW;
    IModelRegistry public immutable MODEL_REGISTRY;
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
    ) CollateralAllotments(staking) EIP712("OpenGradient InferenceMarket", "1") WorkMeter(feePolicy) {
        FEE_ESCROW = escrow;
        MODEL_REGISTRY = modelRegistry;
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

    // REQUEST

    /// @inheritdoc IInferenceMarket
    function request(
        RequestParameters calldata parameters,
        bytes calldata input
    ) external nonReentrant returns (RequestId requestId) {
        InferenceRequest memory terms = _terms(parameters, input);
        requestId = RequestId.wrap(_hashTypedDataV4(terms.hashStruct()));
        emit InferenceRequested(requestId, terms.modelId, msg.sender, terms, input);

        // Refuses a request that is open with the same terms. None can have ended: it would have been made in this second,
        // and nobody takes a request in the second in which it is made.
        FEE_ESCROW.lock(requestId, msg.sender, terms.maxFee);
    }

    function _terms(
        RequestParameters calldata parameters,
        bytes calldata input
    ) private returns (InferenceRequest memory terms) {
        ModelOffer memory offer = MODEL_REGISTRY.requireOffered(parameters.modelId, parameters.tier);
        _requireSize(input.length, offer.inputSize);
        (uint256 work, uint256 least) = _price(_openWindow(), offer, parameters.tier, input.length);
        _requireSound(parameters, least);
        terms.modelId = parameters.modelId;
        terms.tier = parameters.tier;
        terms.payer = msg.sender;
        terms.consumer = parameters.consumer;
        terms.callbackGas = parameters.callbackGas;
        terms.inputHash = keccak256(input);
        // Neither is more than `maxFee`, which fits: a unit of work costs at least 1 wei.
        (terms.work, terms.minFee) = (uint96(work), uint96(least));
        terms.maxFee = parameters.maxFee;
        terms.royalty = offer.royalty;
        terms.collateral = parameters.collateral;
        // Good for the next 30,000 years.
        terms.rampStart = uint40(block.timestamp);
        terms.rampSeconds = parameters.rampSeconds;
        terms.expiry = parameters.expiry;
        terms.lockSeconds = parameters.lockSeconds;
        terms.salt = parameters.salt;
    }

    /// @dev Returns units of work, and what they cost now with the royalty.
    function _price(
        PriceState memory state,
        ModelOffer memory offer,
        Tier tier,
        uint256 inputSize
    ) private pure returns (uint256 work, uint256 least) {
        (work, least) = _quote(state, offer.computeUnits, tier, inputSize, offer.outputSize);
        least += offer.royalty;
    }

    function _requireSize(uint256 size, uint256 wanted) private pure {
        require(wanted == 0 || size == wanted, InferenceMarketBadInputSize(size, wanted));
    }

    function _requireSound(RequestParameters calldata parameters, uint256 least) private view {
        uint256 latest = block.timestamp + Durations.MAX_REQUEST_LIFETIME;
        require(
            parameters.expiry > block.timestamp && parameters.expiry <= latest,
            InferenceMarketBadExpiry(parameters.expiry, block.timestamp + 1, latest)
        );
        require(
            parameters.lockSeconds != 0 && parameters.lockSeconds <= Durations.MAX_LOCK,
            InferenceMarketBadLockPeriod(parameters.lockSeconds, Durations.MAX_LOCK)
        );
        require(
            (parameters.consumer == address(0)) == (parameters.callbackGas == 0) &&
                parameters.callbackGas <= MAX_CALLBACK_GAS,
            InferenceMarketBadCallback(parameters.consumer, parameters.callbackGas, MAX_CALLBACK_GAS)
        );
        require(
            parameters.maxFee != 0 && parameters.maxFee >= least,
            InferenceMarketFeeTooLow(parameters.maxFee, least)
        );
        require(
            parameters.tier != Tier.Optimistic || parameters.collateral > parameters.maxFee,
            OptimisticMarketCollateralTooLow(parameters.collateral, parameters.maxFee)
        );
    }

    // LOCK

    /// @inheritdoc IInferenceMarket
    function lock(InferenceRequest calldata terms, address node) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        require(isOpen(requestId), InferenceMarketNotOpen(requestId, _storage().states[requestId].status()));
        require(block.timestamp <= terms.expiry, InferenceMarketTooLate(requestId, block.timestamp, terms.expiry));
        _requireRipe(requestId, terms.rampStart);
        NODE_REGISTRY.requireActor(node, NodeRole.Inference, msg.sender);

        uint256 deadline = Math.min(block.timestamp + terms.lockSeconds, terms.expiry);
        _storage().states[requestId] = RequestStates.locked(node, block.timestamp.toUint40(), deadline.toUint40());
        emit RequestLocked(requestId, node, terms.collateral, deadline);

        uint256 lastDeadline = terms.tier == Tier.Optimistic ? deadline + Durations.MAX_DISPUTE : deadline;
        if (terms.collateral != 0) _useCollateral(node, terms.collateral, lastDeadline);
    }

    /// @dev A request's id names the second in which it is made. Nothing happens to it in the same one, so an id that has ended
    /// never comes again, and making a request need not look for its state.
    function _requireRipe(RequestId requestId, uint256 madeAt) private view {
        require(block.timestamp > madeAt, InferenceMarketTooFresh(requestId, madeAt));
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
        _settle(requestId, terms, node, output, evidence, false);
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
        bytes calldata evidence,
        bool isChecked
    ) private nonReentrant {
        RequestState state = _requireServable(requestId, terms, node);
        if (!isChecked) _check(requestId, terms, terms.tier, node, output, evidence);
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
        _storage().states[requestId] = RequestStates.fulfilled(node);
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
        state = _storage().states[requestId];
        require(!state.isSettled(), InferenceMarketSettled(requestId, state.status()));
        bool wasLocked = state.isLocked();
        require(wasLocked || state.status() == RequestStatus.None, InferenceMarketNotOpen(requestId, state.status()));
        if (wasLocked) {
            require(state.node() == node, InferenceMarketLockedByOther(requestId, state.node(), node));
        } else {
            _requireRipe(requestId, terms.rampStart);
            NODE_REGISTRY.requireRole(node, NodeRole.Inference);
        }
        uint256 deadline = wasLocked ? state.deadline() : terms.expiry;
        require(block.timestamp <= deadline, InferenceMarketTooLate(requestId, block.timestamp, deadline));
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
        IVerifier verifier = _verifierOf(tier, evidence);
        verifier.verify(_claimOf(requestId, terms, node), output, evidence[KIND_BYTES:]);
    }

    function _verifierOf(Tier tier, bytes calldata evidence) private view returns (IVerifier) {
        require(evidence.length >= KIND_BYTES, InferenceMarketNoEvidence(evidence.length));
        return VERIFIER_ROUTER.route(ProofKind.wrap(bytes4(evidence[:KIND_BYTES])), tier);
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
        uint256 count = fulfilments.length;
        RequestId[] memory requestIds = new RequestId[](count);
        for (uint256 i = 0; i < count; ++i) requestIds[i] = _requestIdOf(fulfilments[i].terms);
        bool areChecked = _tryTogether(requestIds, fulfilments);
        bool[] memory isServed = new bool[](count);
        for (uint256 i = 0; i < count; ++i) {
            isServed[i] = _trySettle(
                requestIds[i],
                fulfilments[i],
                areChecked && fulfilments[i].terms.tier == Tier.Proven
            );
        }

        for (uint256 i = 0; i < count; ++i) {
            if (isServed[i]) _deliver(requestIds[i], fulfilments[i].terms, fulfilments[i].output);
        }
    }

    /// @dev Whatever goes wrong here, checking one by one will tell.
    function _tryTogether(
        RequestId[] memory requestIds,
        Fulfilment[] calldata fulfilments
    ) private view returns (bool) {
        try BATCH_CHECKER.holdTogether(requestIds, fulfilments) returns (bool hold) {
            return hold;
        } catch {
            return false;
        }
    }

    function _trySettle(RequestId requestId, Fulfilment calldata fulfilment, bool isChecked) private returns (bool) {
        try this.settleOne(fulfilment, isChecked) {
            return true;
        } catch (bytes memory reason) {
            emit FulfilmentSkipped(requestId, reason);
            return false;
        }
    }

    /// @inheritdoc IInferenceMarket
    function settleOne(Fulfilment calldata fulfilment, bool isChecked) external {
        require(msg.sender == address(this), InferenceMarketOnlySelf(msg.sender));
        InferenceRequest calldata terms = fulfilment.terms;
        require(terms.tier != Tier.Optimistic, OptimisticMarketSingly(_requestIdOf(terms)));
        _settle(_requestIdOf(terms), terms, fulfilment.node, fulfilment.output, fulfilment.evidence, isChecked);
    }

    /// @inheritdoc IInferenceMarket
    function expire(InferenceRequest calldata terms) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        Storage storage $ = _storage();
        RequestState state = $.states[requestId];
        require(!state.isSettled(), InferenceMarketSettled(requestId, state.status()));
        // A posted answer ends by `finalize`.
        require(state.status() != RequestStatus.Posted, InferenceMarketNotOpen(requestId, RequestStatus.Posted));
        bool wasTaken = state.isTaken();
        uint256 deadline = wasTaken ? state.deadline() : terms.expiry;
        require(block.timestamp > deadline, InferenceMarketTooEarly(requestId, block.timestamp, deadline));
        address node = state.node();
        bool isClaimable = block.timestamp <= deadline + Durations.CLAIM_WINDOW;
        uint128 slashed = wasTaken && isClaimable ? terms.collateral : 0;
        address reporter = msg.sender;

        if (state.status() == RequestStatus.Challenged) {
            $.states[requestId] = RequestStates.rejected(node);
            emit RequestRejected(requestId, node, terms.maxFee, slashed);
            reporter = _reject(requestId);
        } else {
            $.states[requestId] = RequestStates.expired(node);
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
    function _stateOf(RequestId requestId) internal view override returns (RequestState) {
        return _storage().states[requestId];
    }

    /// @inheritdoc OptimisticMarket
    function _setState(RequestId requestId, RequestState state) internal override {
        _storage().states[requestId] = state;
    }

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
    function minFee(ModelId modelId, Tier tier, uint256 inputSize) external view returns (uint256 least) {
        ModelOffer memory offer = MODEL_REGISTRY.requireOffered(modelId, tier);
        _requireSize(inputSize, offer.inputSize);
        (, least) = _price(_currentState(), offer, tier, inputSize);
    }

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
        RequestState state = _storage().states[requestId];
        return
            RequestView({
                status: state.status(),
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
        return
            _storage().states[requestId].status() == RequestStatus.None &&
            FEE_ESCROW.lockOf(address(this), requestId).payer != address(0);
    }

    function _requestIdOf(
        InferenceRequest calldata terms
    ) internal view override(Callbacks, OptimisticMarket) returns (RequestId) {
        return RequestId.wrap(_hashTypedDataV4(terms.hashCalldata()));
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
