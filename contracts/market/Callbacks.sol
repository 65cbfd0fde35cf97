// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";
import {CallbackBook} from "./CallbackBook.sol";
import {RequestBook} from "./RequestBook.sol";

/// @title Callbacks
/// @dev The part of the market in which an output that a consumer did not take is delivered again.
/// @custom:security-contact security@opengradient.ai
abstract contract Callbacks is IInferenceMarket, RequestBook, CallbackBook {
    /// @inheritdoc IInferenceMarket
    function retryCallback(InferenceRequest calldata terms, bytes calldata output, uint256 gasLimit) external {
        RequestId requestId = _requestIdOf(terms);
        CallbackStorage storage $ = _callbackStorage();
        require($.pendingCallbacks[requestId] == keccak256(output), InferenceMarketNoPendingCallback(requestId));
        require(gasLimit >= terms.callbackGas, InferenceMarketCallbackGasTooLow(gasLimit, terms.callbackGas));

        delete $.pendingCallbacks[requestId];

        _callBack(requestId, terms.consumer, gasLimit, output);
    }

    /// @inheritdoc IInferenceMarket
    function pendingCallbackOf(RequestId requestId) external view returns (bytes32 outputHash) {
        return _callbackStorage().pendingCallbacks[requestId];
    }
}
