// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";

/// @notice Times and stakes of a challenge.
/// @param challengeWindow Seconds in which a posted answer can be challenged; at most `Durations.MAX_CHALLENGE_WINDOW`.
/// @param proveWindow Seconds that a challenged node has to bring a proof; at most `Durations.MAX_PROVE_WINDOW`.
/// @param challengeBond OPG in wei that a challenger puts at risk.
struct ChallengeTerms {
    uint32 challengeWindow;
    uint32 proveWindow;
    uint96 challengeBond;
}

/// @notice Who doubts an answer, and what they lose if they are wrong.
struct Challenge {
    address challenger;
    uint96 bond; // OPG in wei
}

/// @title Answers that are believed until somebody doubts them
/// @notice The Optimistic tier:
///
///     lock ──▶ post ──window over──▶ finalize ▶ paid
///                └──challenge──▶ prove ▶ paid, and the challenger's bond on top
///                         └──prove window over──▶ expire ▶ refunded, slashed, challenger rewarded
///
/// An answer is as good as the readiness of somebody to run the model again and to challenge what is wrong. A challenge that
/// is right pays: the bond comes back, with a share of the node's collateral.
interface IOptimisticMarket {
    /// @notice A node answered; the answer counts unless it is challenged until `deadline` (Unix time in seconds).
    event AnswerPosted(RequestId indexed requestId, address indexed node, bytes output, uint256 deadline);

    /// @notice Somebody doubts an answer; the node has until `deadline` (Unix time in seconds) to prove it.
    event AnswerChallenged(RequestId indexed requestId, address indexed challenger, uint256 bond, uint256 deadline);

    /// @notice A challenged answer was proved; its challenger lost the bond to the node.
    event ChallengeLost(RequestId indexed requestId, address indexed challenger, uint256 bond);

    /// @notice A challenged answer was not proved; the payer has its fee back, and the node lost its collateral.
    event RequestRejected(RequestId indexed requestId, address indexed node, uint256 refunded, uint256 slashed);

    /// @notice Answers posted and challenges made from now on have these terms.
    event ChallengeTermsChanged(ChallengeTerms terms);

    /// @notice The collateral must be more than the fee: it compensates the payer, and the rest must reward a challenger.
    error OptimisticMarketCollateralTooLow(uint256 collateral, uint256 maxFee);

    /// @notice Only the locking node may post: an answer puts its collateral at risk.
    error OptimisticMarketNotNode(RequestId requestId, address caller, address node);

    /// @notice Optimistic answers are posted one by one: a batch is settled by anyone, an answer only posted by its node.
    error OptimisticMarketSingly(RequestId requestId);

    /// @notice An optimistic answer takes no evidence.
    error OptimisticMarketEvidence(uint256 length);

    /// @notice Only a locked request can be answered optimistically.
    error OptimisticMarketNotLocked(RequestId requestId);

    /// @notice No answer is posted, or it was challenged already.
    error OptimisticMarketNotPosted(RequestId requestId);

    /// @notice The answer was not challenged.
    error OptimisticMarketNotChallenged(RequestId requestId);

    /// @notice This is not the output that was posted.
    error OptimisticMarketOtherOutput(RequestId requestId, bytes32 outputHash, bytes32 posted);

    /// @notice The windows must last from one second to their limits, and the bond must not be zero.
    error OptimisticMarketBadTerms(ChallengeTerms terms, uint256 challengeLimit, uint256 proveLimit);

    /// @notice Doubts a posted answer. Locks the bond out of the caller's `FeeEscrow` balance, where the caller must have
    /// authorised the market.
    function challenge(InferenceRequest calldata terms) external;

    /// @notice Proves a challenged answer. Anyone may bring the proof; it names the node.
    /// @param evidence What the Proven tier takes: {ProofKind} (4 bytes) ‖ what its verifier reads.
    function prove(InferenceRequest calldata terms, bytes calldata output, bytes calldata evidence) external;

    /// @notice Pays for an answer that nobody challenged in time, and calls the consumer back. Anyone may call.
    function finalize(InferenceRequest calldata terms, bytes calldata output) external;

    /// @notice Sets the terms of future answers and challenges. Governance only.
    function setChallengeTerms(ChallengeTerms calldata terms) external;

    /// @notice Terms of answers and challenges that are made now.
    function challengeTerms() external view returns (ChallengeTerms memory);

    /// @notice Who challenged an answer; zero if nobody does at the moment.
    function challengeOf(RequestId requestId) external view returns (Challenge memory);

    /// @notice keccak256 of the output that is posted and not final, or zero.
    function postedOutputOf(RequestId requestId) external view returns (bytes32);
}
