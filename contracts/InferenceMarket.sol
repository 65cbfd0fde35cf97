// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IBatchChecker} from "./interfaces/IBatchChecker.sol";
import {WorkMeter} from "./WorkMeter.sol";
import {FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IFeePolicy, PriceState} from "./interfaces/IFeePolicy.sol";
import {IInferenceConsumer} from "./interfaces/IInferenceConsumer.sol";
import {Fulfilment, IInferenceMarket, RequestParameters, RequestView} from "./interfaces/IInferenceMarket.sol";
import {IModelRegistry, ModelOffer} from "./interfaces/IModelRegistry.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {ChallengeTerms} from "./interfaces/IOptimisticMarket.sol";
import {IStaking, SlashOrder} from "./interfaces/IStaking.sol";
import {InferenceClaim, IVerifier} from "./interfaces/IVerifier.sol";
import {IVerifierRouter} from "./interfaces/IVerifierRouter.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";
import {Durations} from "./libraries/Durations.sol";
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
/// COLLATERAL
///
/// `lock` uses what the market holds of the node's stake and is free, and asks `Staking` for more only if that does not
/// suffice. What a served request frees stays with the market for the next one, until the node calls
/// `releaseCollateral`: a busy node's stake moves once, not with every request. A node that misses its deadline can be
/// slashed for it during `Durations.CLAIM_WINDOW`; then the claim is lost, and the collateral is free again. What the
/// market holds, the node's allotment, always lasts beyond the last such window, and is prolonged when it would not. Until
/// then `Staking.collateralOf(node, market) = free collateral + Σ collateral of the node's locked requests`.
///
/// When an allotment expires, so have all claims against it; the node may take it back without the market, and the next
/// `lock` starts a new one. A request locked under an old allotment has a deadline before the new one began.
///
/// PRICE
///
/// A request is offered at the price of its work, which is in its terms, and the offer rises until a node takes it: locks
/// it, or serves it unlocked. That moment fixes the fee; it is kept beside the lock, not the fee, which follows from it.
///
/// PAUSE
///
/// Only `request` can be paused. Locking and serving what was asked for, and getting money back, never is.
///
/// CALLBACKS
///
/// The consumer is called after everything is settled and outside the reentrancy guard, so it may make its next request
/// right away. Its failure is recorded, never passed on.
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
contract InferenceMarket is IInferenceMarket, OptimisticMarket, WorkMeter, EIP712 {
    using SafeCast for uint256;

    /// @dev A node's stake that the market holds, less what stands behind locked requests. One slot, never zero again:
    /// refilling one that is not zero costs a quarter of filling a zero one.
    struct Allotment {
        uint128 free; // OPG in wei
        uint40 begin; // Unix time in seconds: requests with an earlier deadline have no part in it
        uint40 expiry; // Unix time in seconds up to which `Staking` keeps it locked
    }

    /// @custom:storage-location erc7201:opengradient.storage.InferenceMarket
    struct Storage {
        mapping(RequestId requestId => RequestState) states;
        mapping(address node => Allotment) allotments;
        mapping(RequestId requestId => bytes32 outputHash) pendingCallbacks;
    }

    /// @notice Most gas a callback may ask for.
    uint256 public constant MAX_CALLBACK_GAS = 5_000_000;

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.InferenceMarket"));

    uint256 private constant KIND_BYTES = 4;

    IFeeEscrow public immutable FEE_ESCROW;
    IStaking public immutable STAKING;
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
    ) EIP712("OpenGradient InferenceMarket", "1") WorkMeter(feePolicy) {
        FEE_ESCROW = escrow;
        STAKING = staking;
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

    /// @dev Takes collateral from the node's allotment, which is made larger, longer or anew as far as needed.
    function _useCollateral(address node, uint128 amount, uint256 deadline) private {
        Allotment memory allotment = _storage().allotments[node];
        uint256 lapsed = 0;
        if (block.timestamp > allotment.expiry) {
            lapsed = STAKING.collateralOf(node, address(this));
            allotment = Allotment({free: 0, begin: block.timestamp.toUint40(), expiry: 0});
        }
        uint256 missing = Math.saturatingSub(amount, allotment.free);
        bool isTooShort = deadline + Durations.CLAIM_WINDOW > allotment.expiry;

        // Not less than the market asked for before: `ALLOTMENT` is the same every time.
        if (missing != 0 || isTooShort) allotment.expiry = (block.timestamp + Durations.ALLOTMENT).toUint40();
        allotment.free = missing == 0 ? allotment.free - amount : 0;
        _storage().allotments[node] = allotment;

        if (lapsed != 0) STAKING.unlock(node, lapsed);
        if (missing != 0 || isTooShort) STAKING.lock(node, missing, allotment.expiry);
    }

    /// @inheritdoc IInferenceMarket
    function releaseCollateral(uint256 amount) external nonReentrant {
        uint256 free = freeCollateralOf(msg.sender);
        require(amount <= free, InferenceMarketCollateralInUse(msg.sender, free, amount));

        // Not more than `free`, which fits 128 bits.
        _storage().allotments[msg.sender].free = uint128(free - amount);

        STAKING.unlock(msg.sender, amount);
    }

    /// @dev Gives collateral of a request that needs it no more back to the node's allotment.
    function _freeCollateral(address node, uint128 amount, uint256 deadline) private {
        Allotment storage allotment = _storage().allotments[node];
        if (block.timestamp <= allotment.expiry && deadline >= allotment.begin) allotment.free += amount;
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

    /// @inheritdoc IInferenceMarket
    function retryCallback(InferenceRequest calldata terms, bytes calldata output, uint256 gasLimit) external {
        RequestId requestId = _requestIdOf(terms);
        Storage storage $ = _storage();
        require($.pendingCallbacks[requestId] == keccak256(output), InferenceMarketNoPendingCallback(requestId));
        require(gasLimit >= terms.callbackGas, InferenceMarketCallbackGasTooLow(gasLimit, terms.callbackGas));

        delete $.pendingCallbacks[requestId];

        _callBack(requestId, terms.consumer, gasLimit, output);
    }

    /// @inheritdoc OptimisticMarket
    function _deliver(RequestId requestId, InferenceRequest calldata terms, bytes calldata output) internal override {
        if (terms.consumer != address(0)) _callBack(requestId, terms.consumer, terms.callbackGas, output);
    }

    function _callBack(RequestId requestId, address consumer, uint256 gasLimit, bytes calldata output) private {
        (bool success, bytes memory returned) = BoundedCall.tryCall(
            consumer,
            gasLimit,
            abi.encodeCall(IInferenceConsumer.onInference, (requestId, output))
        );
        if (success) {
            emit CallbackDelivered(requestId, consumer);
        } else {
            _storage().pendingCallbacks[requestId] = keccak256(output);
            emit CallbackFailed(requestId, consumer, returned);
        }
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
    function _lockBond(RequestId bondId, address challenger, uint96 bond) internal override {
        FEE_ESCROW.lock(bondId, challenger, bond);
    }

    /// @inheritdoc OptimisticMarket
    function _payBond(RequestId bondId, InferenceRequest calldata terms, address node, uint96 bond) internal override {
        FEE_ESCROW.release(bondId, FeeSettlement({node: node, modelId: terms.modelId, fee: bond, royalty: 0}));
    }

    /// @inheritdoc OptimisticMarket
    function _refundBond(RequestId bondId) internal override {
        FEE_ESCROW.refund(bondId);
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
    function pendingCallbackOf(RequestId requestId) external view returns (bytes32 outputHash) {
        return _storage().pendingCallbacks[requestId];
    }

    /// @inheritdoc IInferenceMarket
    function feeEscrow() external view returns (IFeeEscrow) {
        return FEE_ESCROW;
    }

    /// @inheritdoc IInferenceMarket
    function freeCollateralOf(address node) public view returns (uint256) {
        Allotment memory allotment = _storage().allotments[node];
        return block.timestamp <= allotment.expiry ? allotment.free : 0;
    }

    /// @inheritdoc IInferenceMarket
    function isOpen(RequestId requestId) public view returns (bool) {
        return
            _storage().states[requestId].status() == RequestStatus.None &&
            FEE_ESCROW.lockOf(address(this), requestId).payer != address(0);
    }

    /// @inheritdoc OptimisticMarket
    function _requestIdOf(InferenceRequest calldata terms) internal view override returns (RequestId) {
        return RequestId.wrap(_hashTypedDataV4(terms.hashCalldata()));
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
