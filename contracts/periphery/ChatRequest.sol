// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Utf8} from "./Utf8.sol";

/// @dev Who says a message.
enum ChatRole {
    System,
    User,
    Assistant
}

/// @dev One message of a conversation; `content` is UTF-8.
struct ChatMessage {
    ChatRole role;
    string content;
}

/// @dev How a language model is to answer.
/// @param maxTokens Most tokens that the answer may have.
/// @param seed What draws are seeded with, of 31 bits. To be chosen even where nothing is drawn.
/// @param temperature In thousandths, 2,000 at the most. Zero always takes the likeliest token.
/// @param topP Draws among the likeliest tokens that together have this probability, in thousandths. Zero: among all.
/// @param topK Draws among so many of the likeliest tokens. Zero: among all.
/// @param stop Texts that end the answer and do not belong to it: at most four, of 64 bytes at the most.
struct ChatOptions {
    uint32 maxTokens;
    uint32 seed;
    uint16 temperature;
    uint16 topP;
    uint32 topK;
    string[] stop;
}

/// @title ChatRequest
/// @notice Writes what a language model is asked as the one sequence of bytes that nodes take: JSON in the canonical form of
/// RFC 8785. `sdk/chat-request.ts` writes and reads the same.
/// @dev Whatever nodes would refuse reverts here, before any money is locked: a request that no node can read would wait for
/// its expiry. Texts have to be UTF-8 for the same reason; a consumer that takes texts of others gets
/// `ChatRequestInvalidUtf8` where they are not.
library ChatRequest {
    // JSON is full of double quotes; escaped, no line of it could be read.
    // solhint-disable quotes

    using Strings for uint256;
    using Strings for string;

    uint256 private constant LARGEST_SEED = 2 ** 31 - 1;
    uint256 private constant HOTTEST = 2_000;
    uint256 private constant CERTAIN = 1_000;
    uint256 private constant MAX_STOPS = 4;
    uint256 private constant MAX_STOP_BYTES = 64;

    /// @notice A request for an answer without tokens.
    error ChatRequestNoTokens();

    /// @notice Nobody says anything.
    error ChatRequestNoMessages();

    /// @notice A system message that is not the first, or a last message that is not the user's.
    error ChatRequestMisplacedRole(uint256 index, ChatRole role);

    /// @notice The seed has more than 31 bits.
    error ChatRequestBadSeed(uint256 seed, uint256 limit);

    /// @notice The temperature is too high; both in thousandths.
    error ChatRequestTooHot(uint256 temperature, uint256 limit);

    /// @notice No such probability; both in thousandths.
    error ChatRequestImpossibleTopP(uint256 topP, uint256 limit);

    /// @notice `topP` and `topK` mean nothing where nothing is drawn, and nodes refuse what they cannot apply.
    error ChatRequestNothingDrawn(uint256 topP, uint256 topK);

    /// @notice Too many stop texts.
    error ChatRequestTooManyStops(uint256 count, uint256 limit);

    /// @notice A stop text that is empty or too long, in bytes.
    error ChatRequestBadStop(uint256 index, uint256 length, uint256 limit);

    /// @notice The text is not UTF-8 from `offset` on.
    error ChatRequestInvalidUtf8(uint256 offset);

    /// @notice A request of one question.
    function encode(string memory question, ChatOptions memory options) internal pure returns (bytes memory) {
        ChatMessage[] memory messages = new ChatMessage[](1);
        messages[0] = ChatMessage({role: ChatRole.User, content: question});
        return encode(messages, options);
    }

    /// @notice A request that continues a conversation.
    /// @dev Members are in the order of their names, as the canonical form has it. A copy per message: for a few of them.
    function encode(ChatMessage[] memory messages, ChatOptions memory options) internal pure returns (bytes memory) {
        _requirePossible(options);
        return
            bytes.concat(
                '{"max_tokens":',
                bytes(uint256(options.maxTokens).toString()),
                ',"messages":[',
                _messages(messages),
                '],"seed":',
                bytes(uint256(options.seed).toString()),
                _stop(options.stop),
                ',"temperature":',
                _thousandths(options.temperature),
                _draws(options),
                "}"
            );
    }

    function _requirePossible(ChatOptions memory options) private pure {
        require(options.maxTokens != 0, ChatRequestNoTokens());
        require(options.seed <= LARGEST_SEED, ChatRequestBadSeed(options.seed, LARGEST_SEED));
        require(options.temperature <= HOTTEST, ChatRequestTooHot(options.temperature, HOTTEST));
        require(options.topP <= CERTAIN, ChatRequestImpossibleTopP(options.topP, CERTAIN));
        require(
            options.temperature != 0 || (options.topP == 0 && options.topK == 0),
            ChatRequestNothingDrawn(options.topP, options.topK)
        );
    }

    function _messages(ChatMessage[] memory messages) private pure returns (bytes memory list) {
        require(messages.length != 0, ChatRequestNoMessages());
        uint256 last = messages.length - 1;
        for (uint256 i = 0; i <= last; ++i) {
            ChatRole role = messages[i].role;
            bool isPlaced = i == last ? role == ChatRole.User : (i == 0 || role != ChatRole.System);
            require(isPlaced, ChatRequestMisplacedRole(i, role));
            list = bytes.concat(
                list,
                i == 0 ? bytes('{"content":') : bytes(',{"content":'),
                _text(messages[i].content),
                ',"role":"',
                _name(role),
                '"}'
            );
        }
    }

    function _name(ChatRole role) private pure returns (bytes memory) {
        if (role == ChatRole.System) return "system";
        return role == ChatRole.User ? bytes("user") : bytes("assistant");
    }

    function _stop(string[] memory stop) private pure returns (bytes memory member) {
        if (stop.length == 0) return "";
        require(stop.length <= MAX_STOPS, ChatRequestTooManyStops(stop.length, MAX_STOPS));
        for (uint256 i = 0; i < stop.length; ++i) {
            uint256 length = bytes(stop[i]).length;
            require(length != 0 && length <= MAX_STOP_BYTES, ChatRequestBadStop(i, length, MAX_STOP_BYTES));
            member = bytes.concat(member, i == 0 ? bytes(',"stop":[') : bytes(","), _text(stop[i]));
        }
        return bytes.concat(member, "]");
    }

    function _draws(ChatOptions memory options) private pure returns (bytes memory members) {
        if (options.topK != 0) members = bytes.concat(',"top_k":', bytes(uint256(options.topK).toString()));
        if (options.topP != 0) members = bytes.concat(members, ',"top_p":', _thousandths(options.topP));
    }

    /// @dev A JSON string. Characters beyond ASCII stand for themselves; OpenZeppelin escapes exactly what RFC 8785 escapes.
    function _text(string memory text) private pure returns (bytes memory) {
        uint256 length = Utf8.validLength(bytes(text));
        require(length == bytes(text).length, ChatRequestInvalidUtf8(length));
        return bytes.concat('"', bytes(text.escapeJSON()), '"');
    }

    /// @dev The shortest decimal: no zeros at its end, as JavaScript and so RFC 8785 write numbers.
    function _thousandths(uint256 value) private pure returns (bytes memory) {
        bytes memory whole = bytes((value / 1_000).toString());
        uint256 rest = value % 1_000;
        if (rest == 0) return whole;
        // Three digits with zeros before them: those of 1,000 + rest without the first.
        uint256 digits = 1_000 + rest;
        while (digits % 10 == 0) digits /= 10;
        bytes memory decimals = bytes(digits.toString());
        decimals[0] = ".";
        return bytes.concat(whole, decimals);
    }
}
