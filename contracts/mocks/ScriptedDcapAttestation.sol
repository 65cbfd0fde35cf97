// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDcapAttestation} from "../interfaces/IDcapAttestation.sol";

/// @title ScriptedDcapAttestation
/// @notice For tests: answers as Automata's contract was recorded to, or as somebody told it, and takes a fee of as much.
contract ScriptedDcapAttestation is IDcapAttestation {
    bool private _success;
    bytes private _output;
    uint256 private _fee;

    error ScriptedDcapAttestationUnpaid(uint256 value, uint256 fee);
    error ScriptedDcapAttestationRefundFailed();

    function script(bool success, bytes calldata output, uint256 fee) external {
        (_success, _output, _fee) = (success, output, fee);
    }

    /// @inheritdoc IDcapAttestation
    function verifyAndAttestOnChain(bytes calldata) external payable returns (bool, bytes memory) {
        require(msg.value >= _fee, ScriptedDcapAttestationUnpaid(msg.value, _fee));
        if (msg.value > _fee) {
            (bool refunded, ) = msg.sender.call{value: msg.value - _fee}("");
            require(refunded, ScriptedDcapAttestationRefundFailed());
        }
        return (_success, _output);
    }
}
