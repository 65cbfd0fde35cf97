// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {ISignedVerifier} from "../interfaces/ISignedVerifier.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {ReceiptStatements} from "../libraries/ReceiptStatements.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {InferenceReceipt} from "../types/InferenceReceipt.sol";
import {Tier} from "../types/Tier.sol";

/// @title SignedVerifier
/// @dev WHAT THIS TRUSTS
///
/// - The node, for everything it says: a signature does not show that the model ran, nor that it gave this output. Nor does it
///   show the members of the receipt that the claim does not give (payer, units, fee, times, number): they are the node's
///   word. Two receipts that contradict each other do show that their signer lied.
/// - `NodeRegistry`, to name the node's key. The key of this moment counts: a receipt that an earlier key signed is void, so
///   that a key which was lost is worth nothing once it was replaced.
/// - A contract in the place of the key, for its node only. It cannot spend more gas than its share nor change anything, but
///   it can deny tomorrow what it signed today: who wants to hold a node to its word takes the word of a key.
/// - Nothing about the caller. Anybody may bring what a node signed; the node is paid.
///
/// WHY A RECEIPT COUNTS ONCE
///
/// The domain names the chain and the market of the claim, the receipt the request, the node, the tier, and the hashes of
/// input and output. The market settles a request once. A signature of a key has one form only: 64 bytes, lower half of s.
/// @custom:security-contact security@opengradient.ai
contract SignedVerifier is ISignedVerifier {
    using CalldataReader for bytes;

    /// @dev Where the signature starts in the evidence, in bytes.
    uint256 private constant SIGNATURE = ReceiptStatements.SIZE;

    /// @notice Where nodes have registered their keys.
    INodeRegistry public immutable NODE_REGISTRY;

    constructor(INodeRegistry nodeRegistry) {
        NODE_REGISTRY = nodeRegistry;
    }

    /// @inheritdoc IVerifier
    function verify(InferenceClaim calldata claim, bytes calldata output, bytes calldata evidence) external view {
        require(evidence.length >= SIGNATURE, SignedVerifierTruncated(evidence.length, SIGNATURE));
        InferenceReceipt memory receipt = ReceiptStatements.receiptOf(claim, Tier.Signed, output, evidence);
        require(
            receipt.startedAt <= receipt.completedAt,
            SignedVerifierEndsBeforeItStarts(receipt.completedAt, receipt.startedAt)
        );
        require(
            receipt.completedAt <= block.timestamp,
            SignedVerifierFromTheFuture(receipt.completedAt, block.timestamp)
        );

        address signer = NODE_REGISTRY.signerOf(claim.node);
        bytes calldata signature = evidence.sliceAt(SIGNATURE, evidence.length - SIGNATURE);
        require(
            Signatures.isSigned(signer, receipt.digest(claim.market), signature),
            SignedVerifierBadSignature(claim.requestId, signer)
        );
    }
}
