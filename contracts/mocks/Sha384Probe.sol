// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha384} from "../verifiers/nitro/Sha384.sol";

/// @title What lets tests call {Sha384} from outside
contract Sha384Probe {
    /// @notice SHA-384 of the message, what it took, and the hash again with used memory below and behind the message.
    function hash(
        bytes calldata message
    ) external view returns (bytes32 high, bytes16 low, uint256 gasUsed, bool isSameAgain) {
        bytes memory copy = message;
        uint256 before = gasleft();
        (high, low) = Sha384.hash(copy);
        gasUsed = before - gasleft();
        (bytes32 highAgain, bytes16 lowAgain) = Sha384.hash(copy);
        isSameAgain = high == highAgain && low == lowAgain && keccak256(copy) == keccak256(message);
    }
}
