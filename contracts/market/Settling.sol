// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IFeePolicy} from "../interfaces/IFeePolicy.sol";
import {IInferenceMarket} from "../interfaces/IInferenceMarket.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {InferenceClaim} from "../interfaces/IVerifier.sol";
import {IVerifierRouter} from "../interfaces/IVerifierRouter.sol";
import {AllotmentBook} from "../staking/AllotmentBook.sol";
import {InferenceRequest} from "../types/InferenceRequest.sol";
import {NodeRole} from "../types/NodeRole.sol";
import {RequestId} from "../types/RequestId.sol";
import {RequestState, RequestStatus} from "../types/RequestState.sol";
import {CallbackBook} from "./CallbackBook.sol";
import {PriceBook} from "./PriceBook.sol";
import {RequestBook} from "./RequestBook.sol";

/// @title Settling
/// @dev What the market does with one answer and {BatchSettlement} with many: judge it, and work out what it earned.
///
/// A batch skips what a single call refuses. So refusals are values here: whether an answer is accepted, and if not, the error
/// that a single call reverts with.
abstract contract Settling is RequestBook, AllotmentBook, PriceBook, CallbackBook {
    INodeRegistry public immutable NODE_REGISTRY;
    IVerifierRouter public immutable VERIFIER_ROUTER;

    constructor(
        IFeeEscrow escrow,
        INodeRegistry nodeRegistry,
        IVerifierRouter verifierRouter,
        IFeePolicy feePolicy
    ) RequestBook(escrow) PriceBook(feePolicy) {
        NODE_REGISTRY = nodeRegistry;
        VERIFIER_ROUTER = verifierRouter;
    }

    // MAY IT SERVE?

    /// @dev Whether `node` may serve a request in this state now.
    function _isServable(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node,
        RequestState state
    ) internal view returns (bool, bytes memory refusal) {
        RequestStatus status = state.status();
        if (state.isSettled()) {
            return (false, abi.encodeWithSelector(IInferenceMarket.InferenceMarketSettled.selector, requestId, status));
        }
        if (status == RequestStatus.None) return _isOpenTo(requestId, terms, node);
        if (status != RequestStatus.Locked) {
            return (false, abi.encodeWithSelector(IInferenceMarket.InferenceMarketNotOpen.selector, requestId, status));
        }
        address locker = state.node();
        if (locker != node) {
            return (
                false,
                abi.encodeWithSelector(IInferenceMarket.InferenceMarketLockedByOther.selector, requestId, locker, node)
            );
        }
        return _isInTime(requestId, state.deadline());
    }

    /// @dev Whether `node` may serve a request that nobody has locked.
    function _isOpenTo(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node
    ) private view returns (bool, bytes memory refusal) {
        uint256 madeAt = terms.rampStart;
        if (block.timestamp <= madeAt) {
            return (
                false,
                abi.encodeWithSelector(IInferenceMarket.InferenceMarketTooFresh.selector, requestId, madeAt)
            );
        }
        try NODE_REGISTRY.requireRole(node, NodeRole.Inference) {
            return _isInTime(requestId, terms.expiry);
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    function _isInTime(RequestId requestId, uint256 deadline) private view returns (bool, bytes memory refusal) {
        if (block.timestamp <= deadline) return (true, refusal);
        return (
            false,
            abi.encodeWithSelector(
                IInferenceMarket.InferenceMarketTooLate.selector,
                requestId,
                block.timestamp,
                deadline
            )
        );
    }

    // WHAT IS CLAIMED, WHAT IS PAID?

    function _claimOf(
        RequestId requestId,
        InferenceRequest calldata terms,
        address node
    ) internal view returns (InferenceClaim memory) {
        return
            InferenceClaim({
                market: address(this),
                modelId: terms.modelId,
                requestId: requestId,
                node: node,
                inputHash: terms.inputHash
            });
    }

    /// @dev What is paid for a request that is served now, royalty included.
    function _feeOf(InferenceRequest calldata terms, RequestState state) internal view returns (uint96) {
        // The terms are those of a request that was made, so neither the subtraction inside nor the cast can fail.
        return uint96(terms.feeAt(state.isTaken() ? state.lockTime() : block.timestamp));
    }
}
