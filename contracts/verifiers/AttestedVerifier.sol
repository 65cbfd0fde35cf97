// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttestedVerifier} from "../interfaces/IAttestedVerifier.sol";
import {IEnclaveRegistry} from "../interfaces/IEnclaveRegistry.sol";
import {InferenceClaim, IVerifier} from "../interfaces/IVerifier.sol";
import {CalldataReader} from "../libraries/CalldataReader.sol";
import {Durations} from "../libraries/Durations.sol";
import {ReceiptStatements} from "../libraries/ReceiptStatements.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {InferenceReceipt} from "../types/InferenceReceipt.sol";
import {Tier} from "../types/Tier.sol";

/// @title AttestedVerifier
/// @dev WHAT THIS TRUSTS
///
/// - `EnclaveRegistry`, to know whose enclave held a key, when, and that its code answers with the model it names.
/// - The enclave, for everything it says. Unlike a node's word, it is that of code which governance approved and hardware
///   measured. The hardware vouches for neither its clock nor what its host shows it (payer and fee, too): see
///   {IEnclaveRegistry}.
/// - Nothing about the caller. Anybody may bring what an enclave signed; the node is paid.
///
/// WHY A RECEIPT COUNTS ONCE
///
/// The domain names the chain and the market of the claim, the receipt the request, the node, the tier, and the hashes of
/// input and output. The market settles a request once. A signature has one form only: 64 bytes, lower half of s.
///
/// WHY RECEIPTS GROW OLD
///
/// The time of a receipt is its signer's word. Whoever has the key, or the enclave's host, can put it back to when the key
/// counted: if any age would do, no key and no code would ever end. So what ended can be used for `MAX_RECEIPT_AGE` more.
/// @custom:security-contact security@opengradient.ai
contract AttestedVerifier is IAttestedVerifier {
    using CalldataReader for bytes;

    // Where the parts behind the statement start, in bytes, and where the evidence ends.
    uint256 private constant EVIDENCE_HASH = ReceiptStatements.SIZE;
    uint256 private constant R = EVIDENCE_HASH + 32;
    uint256 private constant VS = R + 32;
    uint256 private constant SIZE = VS + 32;

    /// @notice Oldest receipt that is taken, in seconds.
    uint256 public constant MAX_RECEIPT_AGE = Durations.MAX_RECEIPT_AGE;

    /// @notice Who knows enclaves' keys.
    IEnclaveRegistry public immutable ENCLAVE_REGISTRY;

    constructor(IEnclaveRegistry enclaveRegistry) {
        ENCLAVE_REGISTRY = enclaveRegistry;
    }

    /// @inheritdoc IVerifier
    function verify(InferenceClaim calldata claim, bytes calldata output, bytes calldata evidence) external view {
        require(evidence.length == SIZE, AttestedVerifierBadLength(evidence.length, SIZE));
        InferenceReceipt memory receipt = ReceiptStatements.receiptOf(claim, Tier.Attested, output, evidence);
        receipt.evidenceHash = evidence.wordAt(EVIDENCE_HASH);
        uint64 completedAt = receipt.completedAt;
        require(receipt.startedAt <= completedAt, AttestedVerifierEndsBeforeItStarts(completedAt, receipt.startedAt));
        require(completedAt <= block.timestamp, AttestedVerifierFromTheFuture(completedAt, block.timestamp));
        uint256 earliest = block.timestamp - MAX_RECEIPT_AGE;
        require(completedAt >= earliest, AttestedVerifierTooOld(completedAt, earliest));

        address key = Signatures.recover(receipt.digest(claim.market), evidence.wordAt(R), evidence.wordAt(VS));
        require(key != address(0), AttestedVerifierBadSignature(claim.requestId));
        ENCLAVE_REGISTRY.requireAttested(key, claim.node, claim.modelId, completedAt);
    }
}
