// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IInferenceConsumer} from "../interfaces/IInferenceConsumer.sol";
import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";

/// @title CallbackBook
/// @dev The part of the market that hands outputs to consumers, and knows which they did not take.
///
/// The consumer is called after everything is settled and outside the reentrancy guard, so it may make its next request
/// right away. Its failure is recorded, never passed on.
abstract contract CallbackBook {
    /// @custom:storage-location erc7201:opengradient.storage.CallbackBook
    struct CallbackStorage {
        mapping(RequestId requestId => bytes32 outputHash) pendingCallbacks;
    }

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.CallbackBook"));

    function _deliver(RequestId requestId, InferenceRequest calldata terms, bytes calldata output) internal {
        if (terms.consumer != address(0)) _callBack(requestId, terms.consumer, terms.callbackGas, output);
    }

    function _callBack(RequestId requestId, address consumer, uint256 gasLimit, bytes calldata output) internal {
        (bool success, bytes memory returned) = BoundedCall.tryCall(
            consumer,
            gasLimit,
            abi.encodeCall(IInferenceConsumer.onInference, (requestId, output))
        );
        if (success) {
            emit IInferenceMarket.CallbackDelivered(requestId, consumer);
        } else {
            _callbackStorage().pendingCallbacks[requestId] = keccak256(output);
            emit IInferenceMarket.CallbackFailed(requestId, consumer, returned);
        }
    }

    function _callbackStorage() internal pure returns (CallbackStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
