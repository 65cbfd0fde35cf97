// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChatMessage, ChatOptions, ChatRequest} from "../periphery/ChatRequest.sol";
import {Utf8} from "../periphery/Utf8.sol";

/// @title The library {ChatRequest} from outside
contract ChatRequestWriter {
    function encode(
        ChatMessage[] calldata messages,
        ChatOptions calldata options
    ) external pure returns (bytes memory) {
        return ChatRequest.encode(messages, options);
    }

    function encodeQuestion(
        string calldata question,
        ChatOptions calldata options
    ) external pure returns (bytes memory) {
        return ChatRequest.encode(question, options);
    }

    function validLength(bytes calldata text) external pure returns (uint256) {
        return Utf8.validLength(text);
    }
}
