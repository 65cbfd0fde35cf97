// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceConsumer} from "../interfaces/IInferenceConsumer.sol";
import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";
import {RequestBook} from "./RequestBook.sol";

/// @title Callbacks
/// @dev The part of the market that hands outputs to consumers.
///
/// The consumer is called after everything is settled and outside the reentrancy guard, so it may make its next request
/// right away. Its failure is recorded, never passed on.
/// @custom:security-contact security@opengradient.ai
abstract contract Callbacks is IInferenceMarket, RequestBook {
    /// @custom:storage-location erc7201:opengradient.storage.Callbacks
    struct CallbackStorage {
        mapping(RequestId requestId => bytes32 outputHash) pendingCallbacks;
    }

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.Callbacks"));

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

    function _callBack(RequestId requestId, address consumer, uint256 gasLimit, bytes calldata output) internal {
        (bool success, bytes memory returned) = BoundedCall.tryCall(
            consumer,
            gasLimit,
            abi.encodeCall(IInferenceConsumer.onInference, (requestId, output))
        );
        if (success) {
            emit CallbackDelivered(requestId, consumer);
        } else {
            _callbackStorage().pendingCallbacks[requestId] = keccak256(output);
            emit CallbackFailed(requestId, consumer, returned);
        }
    }

    function _callbackStorage() private pure returns (CallbackStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
