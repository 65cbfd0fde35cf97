// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceClaim} from "../interfaces/IVerifier.sol";
import {Groth16} from "./Groth16.sol";

/// @title The challenge r of the Proven tier's statement
library ProofChallenge {
    /// @dev `keccak256(abi.encode(commitment, chain id, claim, outputHash)) mod FIELD_ORDER`, where the claim's members are
    /// market, model, request, node and input hash.
    ///
    /// The claim's words enter as they stand in the calldata. Addresses with dirty upper bits would give another challenge,
    /// for which no honest proof exists.
    function challengeOf(
        InferenceClaim calldata claim,
        uint256 commitment,
        bytes32 outputHash
    ) internal view returns (uint256 challenge) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, commitment)
            mstore(add(m, 0x20), chainid())
            calldatacopy(add(m, 0x40), claim, 0xa0) // 5 words
            mstore(add(m, 0xe0), outputHash)
            challenge := keccak256(m, 0x100)
        }
        return challenge % Groth16.FIELD_ORDER;
    }

    /// @dev The same for a claim that was put together in memory.
    function challengeOfMemory(
        InferenceClaim memory claim,
        uint256 commitment,
        bytes32 outputHash
    ) internal view returns (uint256 challenge) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, commitment)
            mstore(add(m, 0x20), chainid())
            mcopy(add(m, 0x40), claim, 0xa0) // 5 words
            mstore(add(m, 0xe0), outputHash)
            challenge := keccak256(m, 0x100)
        }
        return challenge % Groth16.FIELD_ORDER;
    }
}
