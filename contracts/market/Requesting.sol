// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {PriceState} from "../interfaces/IFeePolicy.sol";
import {IInferenceMarket, RequestParameters} from "../interfaces/IInferenceMarket.sol";
import {IModelRegistry, ModelOffer} from "../interfaces/IModelRegistry.sol";
import {IOptimisticMarket} from "../interfaces/IOptimisticMarket.sol";
import {ISignedRequests} from "../interfaces/ISignedRequests.sol";
import {Durations} from "../libraries/Durations.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {ModelId} from "../types/ModelId.sol";
import {RequestId} from "../types/RequestId.sol";
import {RequestState, RequestStates, RequestStatus} from "../types/RequestState.sol";
import {Tier} from "../types/Tier.sol";
import {RequestBook} from "./RequestBook.sol";
import {WorkMeter} from "./WorkMeter.sol";

/// @title Requesting
/// @dev The part of the market in which requests are made: by their payer, or by a node with the payer's signature.
///
/// NO ID TWICE
///
/// A request's id names the second in which it is made, and nothing happens to it in the same one. An id that has ended
/// never comes again by `request`, which need not look for its state; what a payer signed can be brought later, and is
/// looked up.
/// @custom:security-contact security@opengradient.ai
abstract contract Requesting is IInferenceMarket, ISignedRequests, RequestBook, WorkMeter, ReentrancyGuardTransient {
    /// @notice Most gas a callback may ask for.
    uint256 public constant MAX_CALLBACK_GAS = 5_000_000;

    IModelRegistry public immutable MODEL_REGISTRY;

    constructor(IModelRegistry modelRegistry) {
        MODEL_REGISTRY = modelRegistry;
    }

    // BY THE PAYER

    /// @inheritdoc IInferenceMarket
    function request(
        RequestParameters calldata parameters,
        bytes calldata input
    ) external nonReentrant returns (RequestId requestId) {
        InferenceRequest memory terms = _terms(parameters, input);
        requestId = RequestId.wrap(_hashTypedDataV4(terms.hashStruct()));
        _make(requestId, terms, input);
    }

    function _terms(
        RequestParameters calldata parameters,
        bytes calldata input
    ) private returns (InferenceRequest memory terms) {
        (uint256 work, uint256 least, uint256 royalty) = _priceNow(parameters.modelId, parameters.tier, input);
        require(parameters.maxFee >= least, InferenceMarketFeeTooLow(parameters.maxFee, least));
        terms.modelId = parameters.modelId;
        terms.tier = parameters.tier;
        terms.payer = msg.sender;
        terms.consumer = parameters.consumer;
        terms.callbackGas = parameters.callbackGas;
        terms.inputHash = keccak256(input);
        // None is more than `maxFee`, which fits: a unit of work costs at least 1 wei.
        (terms.work, terms.minFee, terms.royalty) = (uint96(work), uint96(least), uint96(royalty));
        terms.maxFee = parameters.maxFee;
        terms.collateral = parameters.collateral;
        // Good for the next 30,000 years.
        terms.rampStart = uint40(block.timestamp);
        terms.rampSeconds = parameters.rampSeconds;
        terms.expiry = parameters.expiry;
        terms.lockSeconds = parameters.lockSeconds;
        terms.salt = parameters.salt;
    }

    // BY SIGNATURE

    /// @inheritdoc ISignedRequests
    function lockSigned(
        InferenceRequest calldata terms,
        bytes calldata input,
        bytes calldata signature,
        address node
    ) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        _requireUnused(requestId, terms);
        require(
            Signatures.isSigned(terms.payer, RequestId.unwrap(requestId), signature),
            SignedRequestsBadSignature(requestId, terms.payer)
        );
        _requireCurrent(terms, input);

        _make(requestId, terms, input);
        _lock(requestId, terms, node);
    }

    /// @dev What the market fills in for requests that are made by their payer must be the same here.
    function _requireCurrent(InferenceRequest calldata terms, bytes calldata input) private {
        bytes32 inputHash = keccak256(input);
        require(inputHash == terms.inputHash, SignedRequestsOtherInput(inputHash, terms.inputHash));
        require(terms.minFee <= terms.maxFee, SignedRequestsBadRamp(terms.minFee, terms.maxFee));
        (uint256 work, uint256 least, uint256 royalty) = _priceNow(terms.modelId, terms.tier, input);
        require(terms.royalty == royalty, SignedRequestsOtherRoyalty(terms.royalty, royalty));
        require(terms.work == work, SignedRequestsOtherWork(terms.work, work));
        uint256 offered = terms.feeAt(block.timestamp);
        require(offered >= least, InferenceMarketFeeTooLow(offered, least));
    }

    /// @inheritdoc ISignedRequests
    function revoke(InferenceRequest calldata terms) external {
        RequestId requestId = _requestIdOf(terms);
        require(msg.sender == terms.payer, SignedRequestsNotPayer(requestId, msg.sender, terms.payer));
        _requireUnused(requestId, terms);
        require(!_isHeld(requestId), InferenceMarketNotOpen(requestId, RequestStatus.None));

        _setState(requestId, RequestStates.expired(address(0)));
        emit RequestRevoked(requestId, msg.sender);
    }

    function _requireUnused(RequestId requestId, InferenceRequest calldata terms) private view {
        RequestState state = _stateOf(requestId);
        require(state.status() == RequestStatus.None, InferenceMarketNotOpen(requestId, state.status()));
        _requireRipe(requestId, terms.rampStart);
    }

    // EITHER WAY

    /// @dev Announces a request and takes its fee out of the payer's balance.
    function _make(RequestId requestId, InferenceRequest memory terms, bytes calldata input) private {
        _requireSound(terms);
        emit InferenceRequested(requestId, terms.modelId, terms.payer, terms, input);

        // Refuses a request that is open with the same terms.
        FEE_ESCROW.lock(requestId, terms.payer, terms.maxFee);
    }

    function _requireSound(InferenceRequest memory terms) private view {
        uint256 latest = block.timestamp + Durations.MAX_REQUEST_LIFETIME;
        require(
            terms.expiry > block.timestamp && terms.expiry <= latest,
            InferenceMarketBadExpiry(terms.expiry, block.timestamp + 1, latest)
        );
        require(
            terms.lockSeconds != 0 && terms.lockSeconds <= Durations.MAX_LOCK,
            InferenceMarketBadLockPeriod(terms.lockSeconds, Durations.MAX_LOCK)
        );
        require(
            (terms.consumer == address(0)) == (terms.callbackGas == 0) && terms.callbackGas <= MAX_CALLBACK_GAS,
            InferenceMarketBadCallback(terms.consumer, terms.callbackGas, MAX_CALLBACK_GAS)
        );
        require(
            terms.tier != Tier.Optimistic || terms.collateral > terms.maxFee,
            IOptimisticMarket.OptimisticMarketCollateralTooLow(terms.collateral, terms.maxFee)
        );
    }

    /// @dev Reserves a request that waits for a node; the state is none, and the fee is held.
    function _lock(RequestId requestId, InferenceRequest calldata terms, address node) internal virtual;

    // PRICE

    /// @inheritdoc IInferenceMarket
    function priceOf(
        ModelId modelId,
        Tier tier,
        uint256 inputSize
    ) external view returns (uint256 work, uint256 minFee) {
        (work, minFee, ) = _price(_currentState(), modelId, tier, inputSize);
    }

    function _priceNow(
        ModelId modelId,
        Tier tier,
        bytes calldata input
    ) private returns (uint256 work, uint256 least, uint256 royalty) {
        return _price(_openWindow(), modelId, tier, input.length);
    }

    /// @dev Returns units of work, what they cost with the royalty, and the royalty.
    function _price(
        PriceState memory state,
        ModelId modelId,
        Tier tier,
        uint256 inputSize
    ) private view returns (uint256 work, uint256 least, uint256 royalty) {
        ModelOffer memory offer = MODEL_REGISTRY.requireOffered(modelId, tier);
        uint256 count = _inferencesIn(inputSize, offer);
        (work, least) = _quote(state, offer.computeUnits, tier, inputSize / count, offer.outputSize);
        royalty = offer.royalty;
        least += royalty;
        if (count != 1) (work, least, royalty) = (work * count, least * count, royalty * count);
    }

    /// @dev How many inferences an input asks for: as many as it is long, if a proof carries them.
    function _inferencesIn(uint256 inputSize, ModelOffer memory offer) private pure returns (uint256 count) {
        uint256 one = offer.inputSize;
        if (one == 0 || inputSize == one) return 1;
        count = inputSize / one;
        require(
            count != 0 && count * one == inputSize && count <= offer.inferences,
            InferenceMarketBadInputSize(inputSize, one, offer.inferences)
        );
    }
}
