// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title Base of every stateful contract
/// @dev Lives behind an ERC-1967 proxy and is upgraded only through the one `AccessManager`, which also answers for every
/// `restricted` function. References to other contracts are immutables of the implementation: they cost no storage read,
/// and changing one is an upgrade.
abstract contract Governed is AccessManagedUpgradeable, UUPSUpgradeable {
    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc UUPSUpgradeable
    function _authorizeUpgrade(address newImplementation) internal override restricted {}
}
