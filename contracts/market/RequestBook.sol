// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {RequestId} from "../types/RequestId.sol";
import {RequestState} from "../types/RequestState.sol";

/// @title RequestBook
/// @dev The part of the market that knows where each request stands.
///
/// ONE SLOT PER REQUEST
///
/// A request's terms are never stored: their EIP-712 digest is its id, and every call brings them along. A request that
/// exists but has no state is open; its existence is the lock in `FeeEscrow`. The first state is written by `lock` or
/// settlement.
///
/// The domain separator comes from the non-upgradeable {EIP712}: its cached parts are immutables, which a proxy shares,
/// where the upgradeable variant reads two strings from storage each time.
/// @custom:security-contact security@opengradient.ai
abstract contract RequestBook is EIP712 {
    /// @custom:storage-location erc7201:opengradient.storage.RequestBook
    struct BookStorage {
        mapping(RequestId requestId => RequestState) states;
    }

    bytes32 private constant STORAGE_SLOT = bytes32(erc7201("opengradient.storage.RequestBook"));

    /// @notice Where payers have their money and must authorise the market.
    IFeeEscrow public immutable FEE_ESCROW;

    constructor(IFeeEscrow escrow) EIP712("OpenGradient InferenceMarket", "1") {
        FEE_ESCROW = escrow;
    }

    function _requestIdOf(InferenceRequest calldata terms) internal view returns (RequestId) {
        return _requestIdOf(terms, _domainSeparatorV4());
    }

    /// @dev The same for many, which share the domain separator.
    function _requestIdOf(InferenceRequest calldata terms, bytes32 domainSeparator) internal pure returns (RequestId) {
        return RequestId.wrap(MessageHashUtils.toTypedDataHash(domainSeparator, terms.hashCalldata()));
    }

    /// @dev Whether `FeeEscrow` holds a request's fee: it was made and has not ended.
    function _isHeld(RequestId requestId) internal view returns (bool) {
        return FEE_ESCROW.lockOf(address(this), requestId).payer != address(0);
    }

    function _stateOf(RequestId requestId) internal view returns (RequestState) {
        return _bookStorage().states[requestId];
    }

    function _setState(RequestId requestId, RequestState state) internal {
        _bookStorage().states[requestId] = state;
    }

    /// @dev Nothing happens to a request in the second in which it is made.
    function _requireRipe(RequestId requestId, uint256 madeAt) internal view {
        require(block.timestamp > madeAt, IInferenceMarket.InferenceMarketTooFresh(requestId, madeAt));
    }

    function _requireInTime(RequestId requestId, uint256 deadline) internal view {
        require(
            block.timestamp <= deadline,
            IInferenceMarket.InferenceMarketTooLate(requestId, block.timestamp, deadline)
        );
    }

    function _requireOver(RequestId requestId, uint256 deadline) internal view {
        require(
            block.timestamp > deadline,
            IInferenceMarket.InferenceMarketTooEarly(requestId, block.timestamp, deadline)
        );
    }

    function _bookStorage() private pure returns (BookStorage storage $) {
        bytes32 slot = STORAGE_SLOT;
        assembly ("memory-safe") {
            $.slot := slot
        }
    }
}
