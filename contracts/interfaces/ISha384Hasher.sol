// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title SHA-384 (FIPS 180-4)
interface ISha384Hasher {
    /// @notice The hash of `message`, as its first 32 and last 16 bytes. Takes about 24,000 gas for every 128 bytes.
    function hash(bytes calldata message) external pure returns (bytes32 high, bytes16 low);
}
