// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ModelId} from "./ModelId.sol";
import {Tier} from "./Tier.sol";

/// @dev The complete terms of one request. The chain keeps only their hash: whoever acts on a request brings the terms
/// along, taken from the event that announced it.
/// @param modelId Model to run.
/// @param tier Kind of evidence the payer accepts.
/// @param payer Whose `FeeEscrow` balance pays.
/// @param consumer Contract to call back with the output, or zero for none.
/// @param callbackGas Gas given to the callback; zero exactly if there is no consumer.
/// @param inputHash keccak256 of the input bytes.
/// @param work Units of work that serving the request counts as.
/// @param maxFee OPG in wei locked for the request: the most that is paid, royalty and treasury share included.
/// @param minFee OPG in wei that is paid at the least: what `FeePolicy` asked for when the request was made, and the royalty.
/// @param royalty OPG in wei of the fee that goes to the publisher, fixed when the request is made.
/// @param collateral OPG in wei of its stake that a node puts at risk by locking the request.
/// @param rampStart Unix time in seconds at which the request was made: the offer is `minFee`, and nobody
/// can take it yet.
/// @param rampSeconds How long the offer takes from `minFee` to `maxFee`; zero: `maxFee` is offered from the start.
/// @param expiry Unix time in seconds of the last moment to serve the request.
/// @param lockSeconds How long a node that locks the request has to serve it.
/// @param salt Chosen by the payer; makes otherwise equal requests different.
struct InferenceRequest {
    ModelId modelId;
    Tier tier;
    address payer;
    address consumer;
    uint32 callbackGas;
    bytes32 inputHash;
    uint96 work;
    uint96 maxFee;
    uint96 minFee;
    uint96 royalty;
    uint96 collateral;
    uint40 rampStart;
    uint32 rampSeconds;
    uint40 expiry;
    uint32 lockSeconds;
    uint256 salt;
}

using InferenceRequests for InferenceRequest global;

library InferenceRequests {
    bytes32 internal constant TYPEHASH = keccak256(
        "InferenceRequest(bytes32 modelId,uint8 tier,address payer,address consumer,uint32 callbackGas,bytes32 inputHash,uint96 work,uint96 maxFee,uint96 minFee,uint96 royalty,uint96 collateral,uint40 rampStart,uint32 rampSeconds,uint40 expiry,uint32 lockSeconds,uint256 salt)"
    );

    /// @dev EIP-712 struct hash. All members are static, so in memory as in the encoding each is one word, and clean.
    function hashStruct(InferenceRequest memory request) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            mcopy(add(m, 0x20), request, 0x200) // 16 words
            hash := keccak256(m, 0x220)
        }
    }

    /// @dev The same, over the words as they stand in the calldata: a seventh of the gas. Words with dirty upper bits hash to
    /// something that no request has, because requests are made from clean memory.
    function hashCalldata(InferenceRequest calldata request) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, typehash)
            calldatacopy(add(m, 0x20), request, 0x200) // 16 words
            hash := keccak256(m, 0x220)
        }
    }

    /// @dev What is paid to a node that takes the request at `time`, royalty included: rises from `minFee` to `maxFee` in a
    /// straight line, rounded down, in the payer's favour.
    function feeAt(InferenceRequest calldata request, uint256 time) internal pure returns (uint256) {
        uint256 maxFee = request.maxFee;
        uint256 elapsed = time - request.rampStart;
        uint256 rampSeconds = request.rampSeconds;
        if (elapsed >= rampSeconds) return maxFee;
        uint256 minFee = request.minFee;
        return minFee + ((maxFee - minFee) * elapsed) / rampSeconds;
    }
}
