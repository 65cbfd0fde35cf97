// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestId} from "../types/RequestId.sol";

/// @title A contract that is called back with outputs
interface IInferenceConsumer {
    /// @notice Takes the output of a request.
    /// @dev WARNING: anyone can call this; the consumer must check that the caller is the market it asked.
    function onInference(RequestId requestId, bytes calldata output) external;
}
