// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {WorkMeter} from "./WorkMeter.sol";
import {FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IFeePolicy, PriceState} from "./interfaces/IFeePolicy.sol";
import {IInferenceConsumer} from "./interfaces/IInferenceConsumer.sol";
import {IInferenceMarket, RequestParameters, RequestView} from "./interfaces/IInferenceMarket.sol";
import {IModelRegistry, ModelOffer} from "./interfaces/IModelRegistry.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IStaking, SlashOrder} from "./interfaces/IStaking.sol";
import {InferenceClaim, IVerifier} from "./interfaces/IVerifier.sol";
import {IVerifierRouter} from "./interfaces/IVerifierRouter.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";
import {Durations} from "./libraries/Durations.sol";
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
/// `releaseCollateral`: a busy node's stake moves once, not with every request. At all times
/// `Staking.collateralOf(node, market) = free collateral + Σ collateral of the node's locked requests`.
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
contract InferenceMarket is IInferenceMarket, WorkMeter, ReentrancyGuardTransient, EIP712 {
    using SafeCast for uint256;

    /// @custom:storage-location erc7201:opengradient.storage.InferenceMarket
    struct Storage {
        mapping(RequestId requestId => RequestState) states;
        // Plus one once it was ever set: refilling a slot that is not zero costs a quarter of filling a zero one.
        mapping(address node => uint256) freeCollateralPlusOne;
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

    constructor(
        IFeeEscrow escrow,
        IStaking staking,
        IModelRegistry modelRegistry,
        INodeRegistry nodeRegistry,
        IVerifierRouter verifierRouter,
        IFeePolicy feePolicy
    ) EIP712("OpenGradient InferenceMarket", "1") WorkMeter(feePolicy) {
        FEE_ESCROW = escrow;
        STAKING = staking;
        MODEL_REGISTRY = modelRegistry;
        NODE_REGISTRY = nodeRegistry;
        VERIFIER_ROUTER = verifierRouter;
    }

    /// @notice Sets up the proxy.
    /// @param authority The access manager.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
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

        _useCollateral(node, terms.collateral);
    }

    /// @dev A request's id names the second in which it is made. Nothing happens to it in the same one, so an id that has ended
    /// never comes again, and making a request need not look for its state.
    function _requireRipe(RequestId requestId, uint256 madeAt) private view {
        require(block.timestamp > madeAt, InferenceMarketTooFresh(requestId, madeAt));
    }

    function _useCollateral(address node, uint256 amount) private {
        uint256 free = freeCollateralOf(node);
        uint256 used = Math.min(free, amount);

        if (amount != 0) _setFreeCollateral(node, free - used);

        if (used != amount) STAKING.lock(node, amount - used);
    }

    /// @inheritdoc IInferenceMarket
    function releaseCollateral(uint256 amount) external nonReentrant {
        uint256 free = freeCollateralOf(msg.sender);
        require(amount <= free, InferenceMarketCollateralInUse(msg.sender, free, amount));

        _setFreeCollateral(msg.sender, free - amount);

        STAKING.unlock(msg.sender, amount);
    }

    function _setFreeCollateral(address node, uint256 amount) private {
        _storage().freeCollateralPlusOne[node] = amount + 1;
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
        _settle(requestId, terms, node, output, evidence);
        if (terms.consumer != address(0)) _callBack(requestId, terms.consumer, terms.callbackGas, output);
    }

    function _settle(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) private nonReentrant {
        RequestState state = _requireServable(requestId, terms, node);
        _check(requestId, terms, node, output, evidence);

        _storage().states[requestId] = RequestStates.fulfilled(node);
        if (state.isLocked() && terms.collateral != 0) {
            _setFreeCollateral(node, freeCollateralOf(node) + terms.collateral);
        }
        _observe(terms.work);
        // The terms are those of a request that was made, so neither the subtraction nor the cast can fail.
        uint96 fee = uint96(terms.feeAt(state.isLocked() ? state.lockTime() : block.timestamp));
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
        if (wasLocked) {
            require(state.node() == node, InferenceMarketLockedByOther(requestId, state.node(), node));
        } else {
            _requireRipe(requestId, terms.rampStart);
            NODE_REGISTRY.requireRole(node, NodeRole.Inference);
        }
        uint256 deadline = wasLocked ? state.deadline() : terms.expiry;
        require(block.timestamp <= deadline, InferenceMarketTooLate(requestId, block.timestamp, deadline));
    }

    /// @dev Reverts unless the evidence holds.
    function _check(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) private view {
        require(evidence.length >= KIND_BYTES, InferenceMarketNoEvidence(evidence.length));
        IVerifier verifier = VERIFIER_ROUTER.route(ProofKind.wrap(bytes4(evidence[:KIND_BYTES])), terms.tier);
        verifier.verify(
            InferenceClaim({
                market: address(this),
                modelId: terms.modelId,
                requestId: requestId,
                node: node,
                inputHash: terms.inputHash
            }),
            output,
            evidence[KIND_BYTES:]
        );
    }

    /// @inheritdoc IInferenceMarket
    function expire(InferenceRequest calldata terms) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        Storage storage $ = _storage();
        RequestState state = $.states[requestId];
        require(!state.isSettled(), InferenceMarketSettled(requestId, state.status()));
        bool wasLocked = state.isLocked();
        uint256 deadline = wasLocked ? state.deadline() : terms.expiry;
        require(block.timestamp > deadline, InferenceMarketTooEarly(requestId, block.timestamp, deadline));
        address node = state.node();
        uint128 slashed = wasLocked ? terms.collateral : 0;

        $.states[requestId] = RequestStates.expired(node);
        emit RequestExpired(requestId, node, terms.maxFee, slashed);

        // Refuses a request that was never made.
        FEE_ESCROW.refund(requestId);
        if (slashed != 0) {
            STAKING.slash(
                SlashOrder({
                    operator: node,
                    amount: slashed,
                    payer: terms.payer,
                    harm: terms.maxFee,
                    reporter: msg.sender
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
        uint256 plusOne = _storage().freeCollateralPlusOne[node];
        return plusOne == 0 ? 0 : plusOne - 1;
    }

    /// @inheritdoc IInferenceMarket
    function isOpen(RequestId requestId) public view returns (bool) {
        return
            _storage().states[requestId].status() == RequestStatus.None &&
            FEE_ESCROW.lockOf(address(this), requestId).payer != address(0);
    }

    function _requestIdOf(InferenceRequest calldata terms) private view returns (RequestId) {
        return RequestId.wrap(_hashTypedDataV4(terms.hashCalldata()));
    }

    function _storage() private pure returns (Storage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
