// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Governed} from "./governance/Governed.sol";
import {IBatchVerifier} from "./interfaces/IBatchVerifier.sol";
import {FeeSettlement, IFeeEscrow} from "./interfaces/IFeeEscrow.sol";
import {IInferenceConsumer} from "./interfaces/IInferenceConsumer.sol";
import {Fulfilment, IInferenceMarket, RequestParameters, RequestView} from "./interfaces/IInferenceMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IStaking, SlashOrder} from "./interfaces/IStaking.sol";
import {InferenceClaim, IVerifier} from "./interfaces/IVerifier.sol";
import {IVerifierRouter} from "./interfaces/IVerifierRouter.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";
import {Durations} from "./libraries/Durations.sol";
import {InferenceRequest} from "./types/InferenceRequest.sol";
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
/// CALLBACKS
///
/// The consumer is called after everything is settled and outside the reentrancy guard, so it may make its next request
/// right away. Its failure is recorded, never passed on.
///
/// WHAT THIS TRUSTS
///
/// - `FeeEscrow` and `Staking`, to hold what they say and to move it as told.
/// - `ModelRegistry` and `NodeRegistry`, to report registrations truthfully.
/// - The verifiers that governance routed: a verifier that accepts anything would pay any node that answers.
/// - Nothing about payers, nodes and consumers.
///
/// The domain separator comes from the non-upgradeable {EIP712}: its cached parts are immutables, which a proxy shares,
/// where the upgradeable variant reads two strings from storage each time.
/// @custom:security-contact security@opengradient.ai
contract InferenceMarket is IInferenceMarket, Governed, ReentrancyGuardTransient, EIP712 {
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
        IVerifierRouter verifierRouter
    ) EIP712("OpenGradient InferenceMarket", "1") {
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
        require(_storage().states[requestId].status() == RequestStatus.None, InferenceMarketDuplicate(requestId));
        emit InferenceRequested(requestId, terms.modelId, msg.sender, terms, input);

        // Also refuses an open request with the same terms.
        FEE_ESCROW.lock(requestId, msg.sender, terms.maxFee);
    }

    function _terms(
        RequestParameters calldata parameters,
        bytes calldata input
    ) private view returns (InferenceRequest memory) {
        (uint96 royalty, uint32 inputSize) = MODEL_REGISTRY.requireOffered(parameters.modelId, parameters.tier);
        require(inputSize == 0 || input.length == inputSize, InferenceMarketBadInputSize(input.length, inputSize));
        _requireSound(parameters, royalty);
        return
            InferenceRequest({
                modelId: parameters.modelId,
                tier: parameters.tier,
                payer: msg.sender,
                consumer: parameters.consumer,
                callbackGas: parameters.callbackGas,
                inputHash: keccak256(input),
                maxFee: parameters.maxFee,
                royalty: royalty,
                collateral: parameters.collateral,
                expiry: parameters.expiry,
                lockSeconds: parameters.lockSeconds,
                salt: parameters.salt
            });
    }

    function _requireSound(RequestParameters calldata parameters, uint96 royalty) private view {
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
            parameters.maxFee != 0 && parameters.maxFee >= royalty,
            InferenceMarketFeeTooLow(parameters.maxFee, royalty)
        );
    }

    // LOCK

    /// @inheritdoc IInferenceMarket
    function lock(InferenceRequest calldata terms, address node) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        require(isOpen(requestId), InferenceMarketNotOpen(requestId, _storage().states[requestId].status()));
        require(block.timestamp <= terms.expiry, InferenceMarketTooLate(requestId, block.timestamp, terms.expiry));
        NODE_REGISTRY.requireActor(node, NodeRole.Inference, msg.sender);

        uint256 deadline = Math.min(block.timestamp + terms.lockSeconds, terms.expiry);
        _storage().states[requestId] = RequestStates.locked(node, deadline.toUint40());
        emit RequestLocked(requestId, node, terms.collateral, deadline);

        _useCollateral(node, terms.collateral);
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
        _settle(requestId, terms, node, output, evidence, false);
        if (terms.consumer != address(0)) _callBack(requestId, terms.consumer, terms.callbackGas, output);
    }

    function _settle(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        bytes calldata output,
        bytes calldata evidence,
        bool isChecked
    ) private nonReentrant {
        bool wasLocked = _requireServable(requestId, terms, node);
        if (!isChecked) _check(requestId, terms, node, output, evidence);

        _storage().states[requestId] = RequestStates.fulfilled(node);
        if (wasLocked && terms.collateral != 0) {
            _setFreeCollateral(node, freeCollateralOf(node) + terms.collateral);
        }
        emit RequestFulfilled(requestId, node, output);

        // Refuses a request that was never made.
        FEE_ESCROW.release(
            requestId,
            FeeSettlement({node: node, modelId: terms.modelId, fee: terms.maxFee, royalty: terms.royalty})
        );
    }

    /// @dev Returns whether `node` had locked the request.
    function _requireServable(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node
    ) private view returns (bool wasLocked) {
        RequestState state = _storage().states[requestId];
        require(!state.isSettled(), InferenceMarketSettled(requestId, state.status()));
        wasLocked = state.isLocked();
        if (wasLocked) {
            require(state.node() == node, InferenceMarketLockedByOther(requestId, state.node(), node));
        } else {
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
        IVerifier verifier = _verifierOf(terms.tier, evidence);
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
        bool areChecked = _tryTogether(fulfilments);
        bool[] memory isServed = new bool[](count);
        for (uint256 i = 0; i < count; ++i) {
            isServed[i] = _trySettle(fulfilments[i], areChecked && fulfilments[i].terms.tier == Tier.Proven);
        }

        for (uint256 i = 0; i < count; ++i) {
            InferenceRequest calldata terms = fulfilments[i].terms;
            if (isServed[i] && terms.consumer != address(0)) {
                _callBack(_requestIdOf(terms), terms.consumer, terms.callbackGas, fulfilments[i].output);
            }
        }
    }

    /// @dev Whatever goes wrong here, checking one by one will tell.
    function _tryTogether(Fulfilment[] calldata fulfilments) private view returns (bool) {
        try this.holdTogether(fulfilments) returns (bool hold) {
            return hold;
        } catch {
            return false;
        }
    }

    function _trySettle(Fulfilment calldata fulfilment, bool isChecked) private returns (bool) {
        try this.settleOne(fulfilment, isChecked) {
            return true;
        } catch (bytes memory reason) {
            emit FulfilmentSkipped(_requestIdOf(fulfilment.terms), reason);
            return false;
        }
    }

    /// @inheritdoc IInferenceMarket
    function settleOne(Fulfilment calldata fulfilment, bool isChecked) external {
        require(msg.sender == address(this), InferenceMarketOnlySelf(msg.sender));
        InferenceRequest calldata terms = fulfilment.terms;
        _settle(_requestIdOf(terms), terms, fulfilment.node, fulfilment.output, fulfilment.evidence, isChecked);
    }

    /// @inheritdoc IInferenceMarket
    function holdTogether(Fulfilment[] calldata fulfilments) external view returns (bool) {
        uint256[] memory places = _provenOf(fulfilments);
        uint256 count = places.length;
        // One is cheaper to check on its own.
        if (count < 2) return false;

        address verifier = address(_verifierOf(Tier.Proven, fulfilments[places[0]].evidence));
        InferenceClaim[] memory claims = new InferenceClaim[](count);
        bytes[] memory outputs = new bytes[](count);
        bytes[] memory evidences = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            Fulfilment calldata fulfilment = fulfilments[places[i]];
            if (address(_verifierOf(Tier.Proven, fulfilment.evidence)) != verifier) return false;
            claims[i] = _claimOf(_requestIdOf(fulfilment.terms), fulfilment.terms, fulfilment.node);
            outputs[i] = fulfilment.output;
            evidences[i] = fulfilment.evidence[KIND_BYTES:];
        }
        return IBatchVerifier(verifier).verifyBatch(claims, outputs, evidences);
    }

    /// @dev Where the answers of the Proven tier are.
    function _provenOf(Fulfilment[] calldata fulfilments) private pure returns (uint256[] memory places) {
        places = new uint256[](fulfilments.length);
        uint256 count = 0;
        for (uint256 i = 0; i < fulfilments.length; ++i) {
            if (fulfilments[i].terms.tier == Tier.Proven) places[count++] = i;
        }
        assembly ("memory-safe") {
            mstore(places, count) // never more than it was
        }
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
    function requestIdOf(InferenceRequest calldata terms) external view returns (RequestId) {
        return _requestIdOf(terms);
    }

    /// @inheritdoc IInferenceMarket
    function stateOf(RequestId requestId) external view returns (RequestView memory) {
        RequestState state = _storage().states[requestId];
        return RequestView({status: state.status(), node: state.node(), deadline: state.deadline()});
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
