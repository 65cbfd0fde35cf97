// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ModelId} from "./ModelId.sol";
import {RequestId} from "./RequestId.sol";
import {Tier} from "./Tier.sol";

/// @dev What was computed, for whom and for how much: one format for every tier, on chain and off. Its EIP-712 hash is what
/// nodes and enclaves sign.
/// @param modelId Model that ran.
/// @param requestId Request that it ran for.
/// @param payer Who pays.
/// @param node Node that ran it and is to be paid.
/// @param tier How much the answer can be trusted.
/// @param inputHash keccak256 of the exact input bytes.
/// @param outputHash keccak256 of the exact output bytes.
/// @param inputUnits Units of input as the node counts them: tokens for language models, bytes otherwise.
/// @param outputUnits The same of the output.
/// @param fee OPG in wei that the node asks for.
/// @param startedAt Unix time in seconds at which the node began.
/// @param completedAt Unix time in seconds at which the node had the output.
/// @param seq Counts up per signing key: a gap is visible, and the same number under two receipts is equivocation.
/// @param evidenceHash Commits to what else was checked; zero for nothing.
struct InferenceReceipt {
    ModelId modelId;
    RequestId requestId;
    address payer;
    address node;
    Tier tier;
    bytes32 inputHash;
    bytes32 outputHash;
    uint32 inputUnits;
    uint32 outputUnits;
    uint128 fee;
    uint64 startedAt;
    uint64 completedAt;
    uint64 seq;
    bytes32 evidenceHash;
}

using InferenceReceipts for InferenceReceipt global;

library InferenceReceipts {
    bytes32 internal constant TYPEHASH = keccak256(
        "InferenceReceipt(bytes32 modelId,bytes32 requestId,address payer,address node,uint8 tier,bytes32 inputHash,bytes32 outputHash,uint32 inputUnits,uint32 outputUnits,uint128 fee,uint64 startedAt,uint64 completedAt,uint64 seq,bytes32 evidenceHash)"
    );

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME_HASH = keccak256("OpenGradient Receipt");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @dev EIP-712 struct hash. All members are static, so in memory as in the encoding each is one word, and clean.
    function hashStruct(InferenceReceipt memory receipt) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            mcopy(add(m, 0x20), receipt, 0x1c0) // 14 words
            hash := keccak256(m, 0x1e0)
        }
    }

    /// @dev What is signed for a receipt that `settlement` settles on this chain. The contract that settles is part of it, and
    /// not the one that checks: a receipt of one market is void at any other.
    function digest(InferenceReceipt memory receipt, address settlement) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator(settlement), receipt.hashStruct());
    }

    /// @dev EIP-712 domain of the receipts that `settlement` settles on this chain.
    function domainSeparator(address settlement) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, settlement));
    }
}
