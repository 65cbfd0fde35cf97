// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "./ModelId.sol";
import {Tier} from "./Tier.sol";

/// @dev What a node asks for answers of one model in one tier, in OPG wei.
/// @param node Node that asks.
/// @param modelId Model that it answers with.
/// @param tier Tier that it answers in.
/// @param base For the answer as such.
/// @param perInputUnit For each unit of input: a token of a language model, a byte otherwise.
/// @param perOutputUnit For each unit of output.
struct PriceQuote {
    address node;
    ModelId modelId;
    Tier tier;
    uint128 base;
    uint128 perInputUnit;
    uint128 perOutputUnit;
}

using PriceQuotes for PriceQuote global;

library PriceQuotes {
    bytes32 internal constant TYPEHASH = keccak256(
        "PriceQuote(address node,bytes32 modelId,uint8 tier,uint128 base,uint128 perInputUnit,uint128 perOutputUnit)"
    );

    /// @dev EIP-712 struct hash. All members are static, so in memory as in the encoding each is one word, and clean.
    function hashStruct(PriceQuote memory quote) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            mcopy(add(m, 0x20), quote, 0xc0) // 6 words
            hash := keccak256(m, 0xe0)
        }
    }

    /// @dev What an answer costs. Rates fit 128 bits and units 32, so nothing overflows.
    function feeOf(PriceQuote memory quote, uint256 inputUnits, uint256 outputUnits) internal pure returns (uint256) {
        return uint256(quote.base) + quote.perInputUnit * inputUnits + quote.perOutputUnit * outputUnits;
    }
}
