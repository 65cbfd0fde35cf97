// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Governed} from "../governance/Governed.sol";
import {FeeSettlement} from "../interfaces/IFeeEscrow.sol";
import {Challenge, ChallengeTerms, IOptimisticMarket} from "../interfaces/IOptimisticMarket.sol";
import {Durations} from "../libraries/Durations.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";
import {RequestState, RequestStatus} from "../types/RequestState.sol";
import {Tier} from "../types/Tier.sol";
import {CallbackBook} from "./CallbackBook.sol";
import {RequestBook} from "./RequestBook.sol";

/// @title OptimisticMarket
/// @dev The part of the market in which an answer is posted first and proved only if somebody asks.
///
/// WHO CAN HURT WHOM
///
/// - A node that posts a wrong answer and cannot prove it loses its collateral, which is more than the fee: the payer has
///   the fee back and is compensated, the challenger gets a share of the rest.
/// - A challenger who is wrong loses the bond to the node, which had to make a proof for it.
/// - A node that challenges itself gets its own bond back, at best with the challenger's share of its own collateral: it
///   still loses the compensation and the treasury's part.
/// - Nobody can post for a node: an answer puts its collateral at risk.
/// @custom:security-contact security@opengradient.ai
abstract contract OptimisticMarket is IOptimisticMarket, RequestBook, CallbackBook, Governed, ReentrancyGuardTransient {
    /// @custom:storage-location erc7201:opengradient.storage.OptimisticMarket
    struct OptimisticStorage {
        mapping(RequestId requestId => bytes32 outputHash) postedOutputs;
        mapping(RequestId requestId => Challenge) challenges;
        ChallengeTerms terms; // one slot
    }

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.OptimisticMarket"));

    // CHALLENGE

    /// @inheritdoc IOptimisticMarket
    function challenge(InferenceRequest calldata terms) external nonReentrant {
        RequestId requestId = _requestIdOf(terms);
        RequestState state = _stateOf(requestId);
        require(state.status() == RequestStatus.Posted, OptimisticMarketNotPosted(requestId));
        _requireInTime(requestId, state.deadline());

        OptimisticStorage storage $ = _optimisticStorage();
        uint96 bond = $.terms.challengeBond;
        // Windows are 32 bits, timestamps stay below 2^40 for 34,000 years.
        uint40 deadline = uint40(block.timestamp + $.terms.proveWindow);
        $.challenges[requestId] = Challenge({challenger: msg.sender, bond: bond});
        _setState(requestId, state.moved(RequestStatus.Challenged, deadline));
        emit AnswerChallenged(requestId, msg.sender, bond, deadline);

        FEE_ESCROW.lock(_bondIdOf(requestId), msg.sender, bond);
    }

    /// @inheritdoc IOptimisticMarket
    function prove(InferenceRequest calldata terms, bytes calldata output, bytes calldata evidence) external {
        RequestId requestId = _requestIdOf(terms);
        _proveChallenged(requestId, terms, output, evidence);
        _deliver(requestId, terms, output);
    }

    function _proveChallenged(
        RequestId requestId,
        InferenceRequest calldata terms,
        bytes calldata output,
        bytes calldata evidence
    ) private nonReentrant {
        RequestState state = _stateOf(requestId);
        require(state.status() == RequestStatus.Challenged, OptimisticMarketNotChallenged(requestId));
        _requireInTime(requestId, state.deadline());
        _takePosted(requestId, output);
        _check(requestId, terms, Tier.Proven, state.node(), output, evidence);
        Challenge memory lost = _takeChallenge(requestId);
        emit ChallengeLost(requestId, lost.challenger, lost.bond);

        _payServed(requestId, terms, state, output);
        FEE_ESCROW.release(
            FeeSettlement({
                requestId: _bondIdOf(requestId),
                node: state.node(),
                modelId: terms.modelId,
                fee: lost.bond,
                royalty: 0
            })
        );
    }

    /// @inheritdoc IOptimisticMarket
    function finalize(InferenceRequest calldata terms, bytes calldata output) external {
        RequestId requestId = _requestIdOf(terms);
        _finalizePosted(requestId, terms, output);
        _deliver(requestId, terms, output);
    }

    function _finalizePosted(
        RequestId requestId,
        InferenceRequest calldata terms,
        bytes calldata output
    ) private nonReentrant {
        RequestState state = _stateOf(requestId);
        require(state.status() == RequestStatus.Posted, OptimisticMarketNotPosted(requestId));
        _requireOver(requestId, state.deadline());
        _takePosted(requestId, output);

        _payServed(requestId, terms, state, output);
    }

    // GOVERN

    /// @inheritdoc IOptimisticMarket
    function setChallengeTerms(ChallengeTerms calldata terms) external restricted {
        _setChallengeTerms(terms);
    }

    // READ

    /// @inheritdoc IOptimisticMarket
    function challengeTerms() external view returns (ChallengeTerms memory) {
        return _optimisticStorage().terms;
    }

    /// @inheritdoc IOptimisticMarket
    function challengeOf(RequestId requestId) external view returns (Challenge memory) {
        return _optimisticStorage().challenges[requestId];
    }

    /// @inheritdoc IOptimisticMarket
    function postedOutputOf(RequestId requestId) external view returns (bytes32) {
        return _optimisticStorage().postedOutputs[requestId];
    }

    // WHAT THE MARKET CALLS

    /// @dev Takes the locking node's answer; the market has checked that `state` is locked and in time.
    function _post(RequestId requestId, RequestState state, bytes calldata output, bytes calldata evidence) internal {
        require(evidence.length == 0, OptimisticMarketEvidence(evidence.length));
        OptimisticStorage storage $ = _optimisticStorage();
        uint40 deadline = uint40(block.timestamp + $.terms.challengeWindow);

        $.postedOutputs[requestId] = keccak256(output);
        _setState(requestId, state.moved(RequestStatus.Posted, deadline));
        emit AnswerPosted(requestId, state.node(), output, deadline);
    }

    /// @dev Ends a challenge that was not answered in time; returns who is to be rewarded. The market has checked the time.
    function _reject(RequestId requestId) internal returns (address challenger) {
        challenger = _takeChallenge(requestId).challenger;
        delete _optimisticStorage().postedOutputs[requestId];

        FEE_ESCROW.refund(_bondIdOf(requestId));
    }

    function _setChallengeTerms(ChallengeTerms memory terms) internal {
        require(
            terms.challengeWindow != 0 &&
                terms.challengeWindow <= Durations.MAX_CHALLENGE_WINDOW &&
                terms.proveWindow != 0 &&
                terms.proveWindow <= Durations.MAX_PROVE_WINDOW &&
                terms.challengeBond != 0,
            OptimisticMarketBadTerms(terms, Durations.MAX_CHALLENGE_WINDOW, Durations.MAX_PROVE_WINDOW)
        );

        _optimisticStorage().terms = terms;
        emit ChallengeTermsChanged(terms);
    }

    // WHAT THE MARKET DOES

    /// @dev Reverts unless the evidence shows, in this tier, that the model gave `output`.
    function _check(
        RequestId requestId,
        InferenceRequest calldata terms,
        Tier tier,
        address node,
        bytes calldata output,
        bytes calldata evidence
    ) internal view virtual;

    /// @dev Ends a locked request as served: frees the collateral and pays.
    function _payServed(
        RequestId requestId,
        InferenceRequest calldata terms,
        RequestState state,
        bytes calldata output
    ) internal virtual;

    // INSIDE

    function _takePosted(RequestId requestId, bytes calldata output) private {
        OptimisticStorage storage $ = _optimisticStorage();
        bytes32 posted = $.postedOutputs[requestId];
        bytes32 outputHash = keccak256(output);
        require(outputHash == posted, OptimisticMarketOtherOutput(requestId, outputHash, posted));

        delete $.postedOutputs[requestId];
    }

    function _takeChallenge(RequestId requestId) private returns (Challenge memory taken) {
        OptimisticStorage storage $ = _optimisticStorage();
        taken = $.challenges[requestId];

        delete $.challenges[requestId];
    }

    /// @dev Bonds are locks in `FeeEscrow` as fees are; no request can have this id, which is not an EIP-712 digest.
    function _bondIdOf(RequestId requestId) private pure returns (RequestId) {
        return RequestId.wrap(keccak256(abi.encode("opengradient.challenge", requestId)));
    }

    function _optimisticStorage() private pure returns (OptimisticStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
