// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInferenceConsumer} from "../interfaces/IInferenceConsumer.sol";
import {RequestId} from "../types/RequestId.sol";

/// @title HostileConsumer
/// @notice For tests: a consumer that misbehaves in one chosen way.
contract HostileConsumer is IInferenceConsumer {
    enum Behaviour {
        Accept,
        Revert,
        BurnGas,
        ReturnBomb,
        RevertBomb,
        Reenter
    }

    Behaviour public behaviour;

    /// @notice What `Reenter` calls, and with which data.
    address public callee;
    bytes public payload;

    /// @notice Whether the call made by `Reenter` succeeded, and what it returned.
    bool public reentered;
    bytes public returned;

    /// @notice Outputs taken.
    uint256 public deliveries;

    error HostileConsumerRefused(RequestId requestId, string reason);

    function behave(Behaviour behaviour_, address callee_, bytes calldata payload_) external {
        (behaviour, callee, payload) = (behaviour_, callee_, payload_);
    }

    function onInference(RequestId requestId, bytes calldata) external {
        ++deliveries;
        if (behaviour == Behaviour.Revert) revert HostileConsumerRefused(requestId, "no");
        if (behaviour == Behaviour.BurnGas) {
            for (uint256 i = 0; ; ++i) {}
        }
        if (behaviour == Behaviour.ReturnBomb || behaviour == Behaviour.RevertBomb) _bomb();
        // solhint-disable-next-line avoid-low-level-calls
        if (behaviour == Behaviour.Reenter) (reentered, returned) = callee.call(payload);
    }

    /// @dev Returns, or reverts with, 200,000 bytes: copying them would cost the caller more than the call itself.
    function _bomb() private view {
        bool reverts = behaviour == Behaviour.RevertBomb;
        assembly ("memory-safe") {
            let m := mload(0x40)
            if reverts {
                revert(m, 200000)
            }
            return(m, 200000)
        }
    }
}
