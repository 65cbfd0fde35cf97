// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IFeeEscrow} from "../interfaces/IFeeEscrow.sol";
import {IInferenceConsumer} from "../interfaces/IInferenceConsumer.sol";
import {IInferenceMarket, RequestParameters} from "../interfaces/IInferenceMarket.sol";
import {RequestId} from "../types/RequestId.sol";

/// @title InferenceConsumer
/// @notice What a protocol inherits to ask for inferences and to be called back with the answers.
/// @dev The contract pays with its own `FeeEscrow` balance: anyone can fill it with `FeeEscrow.deposit(address(this), …)`,
/// or the protocol with `_fund` from OPG it holds. Override `_onInference`; it runs with the `callbackGas` that the request
/// named, after the node was paid. If it reverts, the payment stands and the delivery can be retried by anyone.
abstract contract InferenceConsumer is IInferenceConsumer {
    using SafeERC20 for IERC20;

    /// @notice Only this contract can deliver outputs.
    IInferenceMarket public immutable MARKET;

    /// @notice Somebody other than the market tried to deliver an output.
    error InferenceConsumerNotMarket(address caller, address market);

    constructor(IInferenceMarket market) {
        MARKET = market;
        market.feeEscrow().authorizeLocker(address(market));
    }

    /// @inheritdoc IInferenceConsumer
    function onInference(RequestId requestId, bytes calldata output) external {
        require(msg.sender == address(MARKET), InferenceConsumerNotMarket(msg.sender, address(MARKET)));
        _onInference(requestId, output);
    }

    /// @dev Asks for an inference, paid from this contract's balance in the escrow. Set `consumer` to `address(this)` to be
    /// called back.
    function _request(RequestParameters memory parameters, bytes memory input) internal returns (RequestId requestId) {
        return MARKET.request(parameters, input);
    }

    /// @dev Moves OPG of this contract into its balance in the escrow.
    function _fund(IERC20 opg, uint256 amount) internal {
        IFeeEscrow escrow = MARKET.feeEscrow();
        opg.forceApprove(address(escrow), amount);
        escrow.deposit(address(this), amount);
    }

    /// @dev Called once per request with its output; the market is the caller.
    function _onInference(RequestId requestId, bytes calldata output) internal virtual;
}
