// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Keys that are known to belong to attested hardware
interface IAttestedKeys {
    /// @notice Whether `key` was attested at `timestamp`: after its attestation, and before it expired or was retired.
    /// @dev A key whose secret leaked can sign with any timestamp of its attested past. An implementation that learns
    /// of it answers no for all of that past.
    /// @param key Address of the key.
    /// @param timestamp Unix time in seconds.
    function isAttestedAt(address key, uint64 timestamp) external view returns (bool);
}
