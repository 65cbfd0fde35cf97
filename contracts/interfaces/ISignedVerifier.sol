// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RequestId} from "../types/RequestId.sol";
import {IVerifier} from "./IVerifier.sol";

/// @title Evidence of the Signed tier: the node's signature over its receipt
/// @notice Evidence is `payer (20 bytes) ‖ inputUnits (4) ‖ outputUnits (4) ‖ fee (16) ‖ startedAt (8) ‖ completedAt (8) ‖ seq
/// (8) ‖ signature`. The receipt's other members follow from the claim, the output and the tier; its `evidenceHash` is zero,
/// as this tier has no other evidence. The signature is that of the node's registered key, in compact form (EIP-2098, 64
/// bytes); if the key is a contract's address, it is of any length that the contract takes (ERC-1271), none included.
///
/// WARNING: A signature shows who answered, and not that the answer is right. See {InferenceReceipt} for the members.
interface ISignedVerifier is IVerifier {
    /// @notice The evidence is shorter than its parts before the signature.
    error SignedVerifierTruncated(uint256 length, uint256 minimum);

    /// @notice By its own account the node had the output before it began.
    error SignedVerifierEndsBeforeItStarts(uint256 completedAt, uint256 startedAt);

    /// @notice The node claims to have had the output at a time that is yet to come.
    error SignedVerifierFromTheFuture(uint256 completedAt, uint256 timestamp);

    /// @notice The key that the node has now did not sign this receipt for this chain and market.
    error SignedVerifierBadSignature(RequestId requestId, address signer);
}
