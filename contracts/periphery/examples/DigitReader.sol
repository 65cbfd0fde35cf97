// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceMarket, RequestParameters} from "../../interfaces/IInferenceMarket.sol";
import {ModelId} from "../../types/ModelId.sol";
import {RequestId} from "../../types/RequestId.sol";
import {Tier} from "../../types/Tier.sol";
import {InferenceConsumer} from "../InferenceConsumer.sol";
import {TensorReader} from "../TensorReader.sol";

/// @title DigitReader
/// @notice Example: asks which digit an image shows and keeps the answer.
/// @dev Anyone may ask, at the expense of this contract's balance in the escrow; a real consumer would decide who may.
contract DigitReader is InferenceConsumer {
    enum ReadingStatus {
        None,
        Asked,
        Read
    }

    struct Reading {
        ReadingStatus status;
        uint8 digit;
    }

    /// @notice Gas that taking an answer needs, with room to spare.
    uint32 public constant CALLBACK_GAS = 100_000;

    /// @notice How long an answer is waited for, in seconds.
    uint40 public constant PATIENCE = 1 hours;

    /// @notice How long a node may keep a question to itself, in seconds.
    uint32 public constant LOCK_SECONDS = 10 minutes;

    /// @notice How long the offer takes to rise to its maximum, in seconds.
    uint32 public constant RAMP_SECONDS = 10 minutes;

    /// @notice The digit classifier.
    ModelId public immutable MODEL_ID;

    /// @notice What was read, by request.
    mapping(RequestId requestId => Reading reading) public readings;

    uint256 private _asked;

    /// @notice An image was sent in.
    event DigitAsked(RequestId indexed requestId);

    /// @notice An image was read.
    event DigitRead(RequestId indexed requestId, uint8 digit);

    /// @notice This contract did not ask that.
    error DigitReaderUnknownRequest(RequestId requestId);

    constructor(IInferenceMarket market, ModelId modelId) InferenceConsumer(market) {
        MODEL_ID = modelId;
    }

    /// @notice Asks which digit an image shows, with proof.
    /// @param image 28 × 28 grey values, row by row; 0 is paper, 255 is ink.
    /// @param maxFee OPG in wei to pay for the answer at the most.
    /// @param collateral OPG in wei that a node has to put at stake on answering in time.
    function ask(bytes calldata image, uint96 maxFee, uint96 collateral) external returns (RequestId requestId) {
        requestId = _request(
            RequestParameters({
                modelId: MODEL_ID,
                tier: Tier.Proven,
                consumer: address(this),
                callbackGas: CALLBACK_GAS,
                maxFee: maxFee,
                collateral: collateral,
                rampSeconds: RAMP_SECONDS,
                expiry: uint40(block.timestamp) + PATIENCE,
                lockSeconds: LOCK_SECONDS,
                salt: _asked++
            }),
            image
        );
        readings[requestId].status = ReadingStatus.Asked;
        emit DigitAsked(requestId);
    }

    /// @dev The model's output is ten scores as int32; the highest names the digit.
    function _onInference(RequestId requestId, bytes calldata output) internal override {
        require(readings[requestId].status == ReadingStatus.Asked, DigitReaderUnknownRequest(requestId));
        uint8 digit = uint8(TensorReader.argMaxInt32(output));

        readings[requestId] = Reading({status: ReadingStatus.Read, digit: digit});
        emit DigitRead(requestId, digit);
    }
}
