// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceClaim} from "./IVerifier.sol";

/// @title A kind of evidence that many claims can be checked for at once
interface IBatchVerifier {
    /// @notice Whether `IVerifier.verify` would return for all of these claims. Where it would revert for any of them this is
    /// false: the caller can then check them one by one and find which. It is also false, with nothing said about single
    /// claims, for an empty batch, for lists of different lengths, and for claims that cannot be checked together.
    /// @dev A pure statement about its arguments and this chain.
    /// @param outputs The model's output bytes, for each claim.
    /// @param evidences What {IVerifier} takes as evidence, for each claim.
    function verifyBatch(
        InferenceClaim[] calldata claims,
        bytes[] calldata outputs,
        bytes[] calldata evidences
    ) external view returns (bool);
}
