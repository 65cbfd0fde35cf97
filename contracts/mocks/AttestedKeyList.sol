// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestedKeys} from "../interfaces/IAttestedKeys.sol";

/// @title AttestedKeyList
/// @notice For tests: keys that are attested because somebody says so.
contract AttestedKeyList is IAttestedKeys {
    /// @dev Attested from `from` on, and not from `until` on.
    struct Period {
        uint64 from;
        uint64 until;
    }

    mapping(address key => Period period) public periods;

    /// @notice Whether every question is answered with a revert.
    bool public broken;

    error AttestedKeyListBroken();

    function attest(address key, uint64 from, uint64 until) external {
        periods[key] = Period({from: from, until: until});
    }

    function setBroken(bool broken_) external {
        broken = broken_;
    }

    /// @inheritdoc IAttestedKeys
    function isAttestedAt(address key, uint64 timestamp) external view returns (bool) {
        require(!broken, AttestedKeyListBroken());
        Period memory found = periods[key];
        return timestamp >= found.from && timestamp < found.until;
    }
}
