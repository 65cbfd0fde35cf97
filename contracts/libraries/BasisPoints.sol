// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Shares in basis points (1 bp = 0.01 %)
library BasisPoints {
    /// @dev 100 %.
    uint256 internal constant ONE = 10_000;

    /// @dev `share` of `amount`, rounded down. Both fit 128 bits wherever this is used, so the product cannot overflow.
    function shareDown(uint256 amount, uint256 share) internal pure returns (uint256) {
        return (amount * share) / ONE;
    }
}
