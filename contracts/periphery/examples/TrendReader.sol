// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IInferenceMarket, RequestParameters} from "../../interfaces/IInferenceMarket.sol";
import {ModelId} from "../../types/ModelId.sol";
import {RequestId} from "../../types/RequestId.sol";
import {Tier} from "../../types/Tier.sol";
import {ChatOptions, ChatRequest} from "../ChatRequest.sol";
import {InferenceConsumer} from "../InferenceConsumer.sol";

/// @title TrendReader
/// @notice Example: asks a language model whether a price rose or fell, and keeps its answer.
/// @dev Anyone may ask, at the expense of this contract's balance in the escrow; a real consumer would decide who may. A
/// language model says what it likes: this contract knows three answers and takes every other for none. Never act on the text
/// of a model as if it were checked, least of all where users choose a part of the question.
contract TrendReader is InferenceConsumer {
    using Strings for uint256;

    enum Trend {
        None,
        Asked,
        Rose,
        Fell,
        Same,
        Unclear
    }

    /// @notice Gas that taking an answer needs, with room to spare.
    uint32 public constant CALLBACK_GAS = 100_000;

    /// @notice How long an answer is waited for, in seconds.
    uint40 public constant PATIENCE = 1 hours;

    /// @notice How long a node may keep a question to itself, in seconds.
    uint32 public constant LOCK_SECONDS = 10 minutes;

    /// @notice How long the offer takes to rise to its maximum, in seconds.
    uint32 public constant RAMP_SECONDS = 10 minutes;

    /// @notice Most tokens that an answer may have.
    uint32 public constant MAX_TOKENS = 16;

    bytes32 private constant ROSE = keccak256("It rose.");
    bytes32 private constant FELL = keccak256("It fell.");
    bytes32 private constant SAME = keccak256("It stayed the same.");

    /// @notice The language model.
    ModelId public immutable MODEL_ID;

    /// @notice How much its answers are to be trusted.
    Tier public immutable TIER;

    /// @notice What was answered, by request.
    mapping(RequestId requestId => Trend trend) public trends;

    uint256 private _asked;

    /// @notice A question was asked.
    event TrendAsked(RequestId indexed requestId, uint256 before, uint256 current);

    /// @notice A question was answered.
    event TrendRead(RequestId indexed requestId, Trend trend);

    /// @notice This contract did not ask that.
    error TrendReaderUnknownRequest(RequestId requestId);

    constructor(IInferenceMarket market, ModelId modelId, Tier tier) InferenceConsumer(market) {
        MODEL_ID = modelId;
        TIER = tier;
    }

    /// @notice Asks whether a price rose or fell.
    /// @param before The price as it was.
    /// @param current The price as it is.
    /// @param maxFee OPG in wei to pay for the answer at the most.
    /// @param collateral OPG in wei that a node has to put at stake on answering in time.
    function ask(
        uint256 before,
        uint256 current,
        uint96 maxFee,
        uint96 collateral
    ) external returns (RequestId requestId) {
        requestId = _request(
            RequestParameters({
                modelId: MODEL_ID,
                tier: TIER,
                consumer: address(this),
                callbackGas: CALLBACK_GAS,
                maxFee: maxFee,
                collateral: collateral,
                rampSeconds: RAMP_SECONDS,
                expiry: uint40(block.timestamp) + PATIENCE,
                lockSeconds: LOCK_SECONDS,
                salt: _asked++
            }),
            question(before, current)
        );
        trends[requestId] = Trend.Asked;
        emit TrendAsked(requestId, before, current);
    }

    /// @notice The bytes that the model is asked with.
    function question(uint256 before, uint256 current) public pure returns (bytes memory) {
        return
            ChatRequest.encode(
                string.concat(
                    "The price was ",
                    before.toString(),
                    " and is now ",
                    current.toString(),
                    ". Did it rise or fall?"
                ),
                ChatOptions({maxTokens: MAX_TOKENS, seed: 0, temperature: 0, topP: 0, topK: 0, stop: new string[](0)})
            );
    }

    /// @dev The model's output is the text of its answer.
    function _onInference(RequestId requestId, bytes calldata output) internal override {
        require(trends[requestId] == Trend.Asked, TrendReaderUnknownRequest(requestId));
        Trend trend = _trendOf(keccak256(output));

        trends[requestId] = trend;
        emit TrendRead(requestId, trend);
    }

    function _trendOf(bytes32 answer) private pure returns (Trend) {
        if (answer == ROSE) return Trend.Rose;
        if (answer == FELL) return Trend.Fell;
        return answer == SAME ? Trend.Same : Trend.Unclear;
    }
}
