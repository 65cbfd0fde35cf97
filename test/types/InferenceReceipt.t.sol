// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceReceipt} from "../../contracts/types/InferenceReceipt.sol";
import {ModelId} from "../../contracts/types/ModelId.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {Test} from "../fixtures/Test.sol";

/// @title The hashes that the SDK must come to as well
/// @dev The same vectors as in `test/vectors/receipts.json`.
contract InferenceReceiptTest is Test {
    bytes32 private constant FULL = bytes32(type(uint256).max);

    function test_hashes_AreTheVectors_ForTheSignedTier() public {
        assertHashes({
            receipt: InferenceReceipt({
                modelId: ModelId.wrap(keccak256("model")),
                requestId: RequestId.wrap(keccak256("request")),
                payer: 0x1111111111111111111111111111111111111111,
                node: 0x2222222222222222222222222222222222222222,
                tier: Tier.Signed,
                inputHash: keccak256("input"),
                outputHash: keccak256("output"),
                inputUnits: 12,
                outputUnits: 32,
                fee: 1e18,
                startedAt: 1_800_000_000,
                completedAt: 1_800_000_005,
                seq: 1,
                evidenceHash: 0
            }),
            chainId: 8453,
            settledBy: 0x3333333333333333333333333333333333333333,
            hash: 0xa0e88b6fe67a46b16e28da9544c368457fb8e85b4524190b471980dc0d7ada45,
            digest: 0x0824151d4ffd7c0f064fc8fb14b903226e1212812b49fe31dff95dae7fc233cb
        });
    }

    function test_hashes_AreTheVectors_ForTheAttestedTier() public {
        assertHashes({
            receipt: InferenceReceipt({
                modelId: ModelId.wrap(keccak256("another model")),
                requestId: RequestId.wrap(keccak256("another request")),
                payer: 0x5555555555555555555555555555555555555555,
                node: 0x6666666666666666666666666666666666666666,
                tier: Tier.Attested,
                inputHash: keccak256("another input"),
                outputHash: keccak256("another output"),
                inputUnits: 3_000,
                outputUnits: 400,
                fee: 5,
                startedAt: 6,
                completedAt: 7,
                seq: 8,
                evidenceHash: keccak256("evidence")
            }),
            chainId: 84_532,
            settledBy: 0x4444444444444444444444444444444444444444,
            hash: 0x5d69200c42c889c66e45871f5c71dbd55babcfc605824eb45523a7f6fb5e3f41,
            digest: 0x9b70611cba31d1a1ca6a3f7a74d2dddf2e45acf17e48c9300b174b1bb45fc2a5
        });
    }

    function test_hashes_AreTheVectors_ForTheLargestMembers() public {
        assertHashes({
            receipt: InferenceReceipt({
                modelId: ModelId.wrap(FULL),
                requestId: RequestId.wrap(FULL),
                payer: address(type(uint160).max),
                node: address(type(uint160).max),
                tier: Tier.Proven,
                inputHash: FULL,
                outputHash: FULL,
                inputUnits: type(uint32).max,
                outputUnits: type(uint32).max,
                fee: type(uint128).max,
                startedAt: type(uint64).max,
                completedAt: type(uint64).max,
                seq: type(uint64).max,
                evidenceHash: FULL
            }),
            chainId: 31_337,
            settledBy: address(type(uint160).max),
            hash: 0x8578bc27ecd7e9a28ca538f8c3ffc38742250df946d3e3e8231fac08a96b483b,
            digest: 0x62d89659ec0575c90b045cd9252a05023f94a3e2eab02e0eb32a5143272bd949
        });
    }

    function test_hashes_AreTheVectors_ForNothing() public {
        InferenceReceipt memory nothing;
        assertHashes({
            receipt: nothing,
            chainId: 1,
            settledBy: address(0),
            hash: 0x6fd125d319c5a19c5e6c4f54879154c44505763cf971c5bcf348d6a3ec2d7c57,
            digest: 0x11887c339311876b8067ad4b61af7c945a4acdf4334340e40f31a242637b2b1e
        });
    }

    function assertHashes(
        InferenceReceipt memory receipt,
        uint64 chainId,
        address settledBy,
        bytes32 hash,
        bytes32 digest
    ) private {
        vm.chainId(chainId);
        assertEq(receipt.hashStruct(), hash, "hash");
        assertEq(receipt.digest(settledBy), digest, "digest");
    }
}
