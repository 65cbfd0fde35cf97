// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What OpenZeppelin's Math computes, said with branches
/// @notice Stands for it in proofs: the model checker does not look into the assembly that makes the original branchless.
/// `Math.t.sol` compares the two.
library Math {
    function min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    function ceilDiv(uint256 a, uint256 b) internal pure returns (uint256) {
        return a == 0 ? 0 : (a - 1) / b + 1;
    }
}
