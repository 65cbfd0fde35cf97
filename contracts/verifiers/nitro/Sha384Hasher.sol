// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISha384Hasher} from "../../interfaces/ISha384Hasher.sol";
import {Sha384} from "./Sha384.sol";

/// @title Sha384Hasher
/// @dev Keeps no storage, has no authority: one for all. A contract of its own because its rounds are compiled as they are
/// written, and would take most of the code that another may have.
/// @custom:security-contact security@opengradient.ai
contract Sha384Hasher is ISha384Hasher {
    /// @inheritdoc ISha384Hasher
    function hash(bytes calldata message) external pure returns (bytes32 high, bytes16 low) {
        return Sha384.hash(message);
    }
}
