// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {BatchId, BatchIds} from "./BatchId.sol";
import {InferenceReceipts} from "./InferenceReceipt.sol";

/// @dev Receipts of one signing key that are committed together. The chain keeps only the batch's id: whoever acts on a batch
/// brings its members along, taken from the event that announced it.
/// @param node Whose stake stands behind them: nobody else can commit this batch.
/// @param signer Key that signed the receipts.
/// @param root Root of the tree of their leaves; see {ReceiptTree}.
/// @param firstSeq `seq` of the first; those of the others follow without a gap.
/// @param count How many there are.
/// @param totalFee Sum of their fees, in OPG wei.
/// @param completedAt Latest `completedAt` of them, Unix time in seconds.
/// @param dataHash keccak256 of the leaves, one after the other.
struct InferenceBatch {
    address node;
    address signer;
    bytes32 root;
    uint64 firstSeq;
    uint32 count;
    uint128 totalFee;
    uint64 completedAt;
    bytes32 dataHash;
}

using InferenceBatches for InferenceBatch global;

library InferenceBatches {
    bytes32 internal constant TYPEHASH = keccak256(
        "InferenceBatch(address node,address signer,bytes32 root,uint64 firstSeq,uint32 count,uint128 totalFee,uint64 completedAt,bytes32 dataHash)"
    );

    /// @dev EIP-712 struct hash. All members are static, so in memory as in the encoding each is one word, and clean.
    function hashStruct(InferenceBatch memory batch) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            mcopy(add(m, 0x20), batch, 0x100) // 8 words
            hash := keccak256(m, 0x120)
        }
    }

    /// @dev What is signed for a batch that is committed to `ledger` on this chain: in the domain of its receipts.
    function digest(InferenceBatch memory batch, address ledger) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(InferenceReceipts.domainSeparator(ledger), batch.hashStruct());
    }

    /// @dev Everything but the root, in one hash: keccak256 of the ABI encoding of the other members in their order.
    function head(InferenceBatch memory batch) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mcopy(m, batch, 0x40) // node and signer
            mcopy(add(m, 0x40), add(batch, 0x60), 0xa0) // the 5 words behind the root
            hash := keccak256(m, 0xe0)
        }
    }

    function id(InferenceBatch memory batch) internal pure returns (BatchId) {
        return BatchIds.batchIdOf(batch.root, batch.head());
    }
}
