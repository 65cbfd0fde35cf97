// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestId} from "../types/RequestId.sol";
import {IVerifier} from "./IVerifier.sol";

/// @title Evidence of the Attested tier: an enclave's signature over its receipt
/// @notice Evidence is `payer (20 bytes) ‖ inputUnits (4) ‖ outputUnits (4) ‖ fee (16) ‖ startedAt (8) ‖ completedAt (8) ‖ seq
/// (8) ‖ evidenceHash (32) ‖ signature (64, EIP-2098)`. The receipt's other members follow from the claim, the output and the
/// tier. The key that signed is recovered from the signature; it must have been attested for the node and the model at
/// `completedAt`, which is not older than a request can have been locked. Older ones stay checkable, by
/// {IEnclaveRegistry-requireAttested}; they settle nothing.
interface IAttestedVerifier is IVerifier {
    /// @notice The evidence is not as long as it is always.
    error AttestedVerifierBadLength(uint256 length, uint256 wanted);

    /// @notice By its own account the enclave had the output before it began.
    error AttestedVerifierEndsBeforeItStarts(uint256 completedAt, uint256 startedAt);

    /// @notice The enclave claims to have had the output at a time that is yet to come.
    error AttestedVerifierFromTheFuture(uint256 completedAt, uint256 timestamp);

    /// @notice The enclave claims to have had the output so long ago that it may have put its clock back.
    error AttestedVerifierTooOld(uint256 completedAt, uint256 earliest);

    /// @notice No key can have signed this.
    error AttestedVerifierBadSignature(RequestId requestId);
}
