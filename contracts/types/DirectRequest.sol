// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {InferenceReceipts} from "./InferenceReceipt.sol";
import {ModelId} from "./ModelId.sol";
import {RequestId} from "./RequestId.sol";
import {Tier} from "./Tier.sol";

/// @dev A request that is made to a node itself, and not at the market. Its id is in the receipt, so whoever knows the terms can
/// hold the receipt to every one of them. Nobody signs it.
/// @param modelId Model to run.
/// @param tier How much the answer can be trusted.
/// @param payer Who pays.
/// @param node Node that is asked.
/// @param inputHash keccak256 of the exact input bytes.
/// @param quoteHash What the answer costs: struct hash of a {PriceQuote}.
/// @param nonce Tells two requests for the same apart.
struct DirectRequest {
    ModelId modelId;
    Tier tier;
    address payer;
    address node;
    bytes32 inputHash;
    bytes32 quoteHash;
    bytes32 nonce;
}

using DirectRequests for DirectRequest global;

library DirectRequests {
    bytes32 internal constant TYPEHASH = keccak256(
        "DirectRequest(bytes32 modelId,uint8 tier,address payer,address node,bytes32 inputHash,bytes32 quoteHash,bytes32 nonce)"
    );

    /// @dev EIP-712 struct hash. All members are static, so in memory as in the encoding each is one word, and clean.
    function hashStruct(DirectRequest memory request) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            mcopy(add(m, 0x20), request, 0xe0) // 7 words
            hash := keccak256(m, 0x100)
        }
    }

    /// @dev Id of the request: its EIP-712 digest, in the domain of the receipts of `ledger`.
    function requestIdOf(DirectRequest memory request, address ledger) internal view returns (RequestId) {
        bytes32 domainSeparator = InferenceReceipts.domainSeparator(ledger);
        return RequestId.wrap(MessageHashUtils.toTypedDataHash(domainSeparator, request.hashStruct()));
    }
}
