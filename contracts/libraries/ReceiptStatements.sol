// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceClaim} from "../interfaces/IVerifier.sol";
import {InferenceReceipt} from "../types/InferenceReceipt.sol";
import {Tier} from "../types/Tier.sol";
import {CalldataReader} from "./CalldataReader.sol";

/// @title What evidence says of a receipt that the claim does not
/// @dev Every kind of evidence that is a signature over a receipt starts with the same statement: `payer (20 bytes) ‖ inputUnits
/// (4) ‖ outputUnits (4) ‖ fee (16) ‖ startedAt (8) ‖ completedAt (8) ‖ seq (8)`.
library ReceiptStatements {
    using CalldataReader for bytes;

    /// @dev Length of a statement in bytes.
    uint256 internal constant SIZE = 68;

    // Where the parts that are read as one word start, in bytes.
    uint256 private constant PAYER_AND_UNITS = 0;
    uint256 private constant FEE_AND_TIMES = 28;
    uint256 private constant SEQ = 60;

    /// @dev The receipt of what is claimed, of this tier and with the statement that `evidence` starts with; its `evidenceHash` is
    /// zero. The caller has checked that the evidence is at least `SIZE` bytes long.
    function receiptOf(
        InferenceClaim calldata claim,
        Tier tier,
        bytes calldata output,
        bytes calldata evidence
    ) internal pure returns (InferenceReceipt memory receipt) {
        receipt.modelId = claim.modelId;
        receipt.requestId = claim.requestId;
        receipt.node = claim.node;
        receipt.tier = tier;
        receipt.inputHash = claim.inputHash;
        receipt.outputHash = output.hashAt(0, output.length);

        bytes32 word = evidence.wordAt(PAYER_AND_UNITS);
        receipt.payer = address(bytes20(word));
        (receipt.inputUnits, receipt.outputUnits) = (uint32(bytes4(word << 160)), uint32(bytes4(word << 192)));
        word = evidence.wordAt(FEE_AND_TIMES);
        receipt.fee = uint128(bytes16(word));
        (receipt.startedAt, receipt.completedAt) = (uint64(bytes8(word << 128)), uint64(bytes8(word << 192)));
        // The rest of this word is what follows the statement, or nothing at all.
        receipt.seq = uint64(bytes8(evidence.wordAt(SEQ)));
    }
}
