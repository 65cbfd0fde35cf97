// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISignedVerifier} from "../../contracts/interfaces/ISignedVerifier.sol";
import {NodeRegistration} from "../../contracts/interfaces/INodeRegistry.sol";
import {InferenceClaim} from "../../contracts/interfaces/IVerifier.sol";
import {InferenceReceipt} from "../../contracts/types/InferenceReceipt.sol";
import {NodeRoleSet} from "../../contracts/types/NodeRole.sol";
import {RequestId} from "../../contracts/types/RequestId.sol";
import {Tier} from "../../contracts/types/Tier.sol";
import {ProtocolFixture} from "../fixtures/ProtocolFixture.sol";

contract SignedVerifierTest is ProtocolFixture {
    uint256 private constant NODE_KEY = 0xb;
    uint256 private constant RIVAL_KEY = 0xc;
    uint256 private constant STATEMENT_BYTES = 68;

    address private node;

    /// @dev What the claim does not give.
    struct Statement {
        address payer;
        uint32 inputUnits;
        uint32 outputUnits;
        uint128 fee;
        uint64 startedAt;
        uint64 completedAt;
        uint64 seq;
    }

    function setUp() public {
        vm.warp(1_800_000_000);
        deployProtocol();
        node = vm.addr(NODE_KEY);
        registerNode(node, 0);
        registerNode(vm.addr(RIVAL_KEY), 0);
    }

    function testFuzz_verify_Accepts_WhatTheNodeSigned(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) public {
        claim.node = node;
        signedVerifier.verify(claim, output, honestEvidence(claim, statement, output));
        // From then on.
        vm.warp(uint256(statement.completedAt));
        signedVerifier.verify(claim, output, honestEvidence(claim, statement, output));
    }

    function testFuzz_verify_Refuses_AnyChangedByte(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output,
        uint256 place,
        uint8 change
    ) public view {
        vm.assume(change != 0);
        claim.node = node;
        bytes memory evidence = honestEvidence(claim, statement, output);
        place = bound(place, 0, evidence.length - 1);
        evidence[place] ^= bytes1(change);
        assertFalse(isAccepted(claim, output, evidence), "changed evidence");
    }

    function testFuzz_verify_Refuses_AnyOtherOutput(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output,
        bytes memory lie
    ) public {
        vm.assume(keccak256(output) != keccak256(lie));
        claim.node = node;
        bytes memory evidence = honestEvidence(claim, statement, output);
        expectBadSignature(claim.requestId, node);
        signedVerifier.verify(claim, lie, evidence);
    }

    function testFuzz_verify_Refuses_AnyOtherClaim(
        InferenceClaim memory claim,
        InferenceClaim memory other,
        Statement memory statement,
        bytes memory output,
        uint8 member
    ) public {
        claim.node = node;
        bytes memory evidence = honestEvidence(claim, statement, output);
        member = uint8(bound(member, 0, 3));
        // One member only: the rest must not be what saves it.
        if (member != 0) other.market = claim.market;
        if (member != 1) other.modelId = claim.modelId;
        if (member != 2) other.requestId = claim.requestId;
        if (member != 3) other.inputHash = claim.inputHash;
        other.node = node;
        vm.assume(keccak256(abi.encode(other)) != keccak256(abi.encode(claim)));
        expectBadSignature(other.requestId, node);
        signedVerifier.verify(other, output, evidence);
    }

    function testFuzz_verify_Refuses_AnotherNode(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) public {
        claim.node = node;
        bytes memory evidence = honestEvidence(claim, statement, output);
        address rival = vm.addr(RIVAL_KEY);
        claim.node = rival;
        expectBadSignature(claim.requestId, rival);
        signedVerifier.verify(claim, output, evidence);
        // Nor does it help that both have the same key: the receipt names the node.
        setSigner(rival, node);
        expectBadSignature(claim.requestId, node);
        signedVerifier.verify(claim, output, evidence);
    }

    function testFuzz_verify_Refuses_AnotherKey(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) public {
        claim.node = node;
        makePossible(statement);
        bytes memory evidence = evidenceBy(RIVAL_KEY, claim, statement, output);
        expectBadSignature(claim.requestId, node);
        signedVerifier.verify(claim, output, evidence);
    }

    function testFuzz_verify_Refuses_AnotherChain(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output,
        uint64 chainId
    ) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        claim.node = node;
        bytes memory evidence = honestEvidence(claim, statement, output);
        vm.chainId(chainId);
        expectBadSignature(claim.requestId, node);
        signedVerifier.verify(claim, output, evidence);
    }

    function testFuzz_verify_Refuses_AnotherTier(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output,
        uint8 tier,
        bytes32 evidenceHash
    ) public {
        claim.node = node;
        makePossible(statement);
        InferenceReceipt memory receipt = receiptOf(claim, statement, output);
        receipt.tier = Tier(bound(tier, 0, 3));
        receipt.evidenceHash = evidenceHash;
        vm.assume(receipt.tier != Tier.Signed || evidenceHash != 0);
        bytes memory signature = compact(NODE_KEY, receipt.digest(claim.market));
        expectBadSignature(claim.requestId, node);
        signedVerifier.verify(claim, output, bytes.concat(packed(statement), signature));
    }

    function testFuzz_verify_Refuses_AnyOtherLength(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output,
        uint256 length
    ) public {
        claim.node = node;
        bytes memory evidence = honestEvidence(claim, statement, output);
        length = bound(length, 0, 400);
        vm.assume(length != evidence.length);
        bytes memory other = new bytes(length);
        for (uint256 i = 0; i < length && i < evidence.length; ++i) other[i] = evidence[i];
        if (length < STATEMENT_BYTES) {
            vm.expectRevert(
                abi.encodeWithSelector(ISignedVerifier.SignedVerifierTruncated.selector, length, STATEMENT_BYTES)
            );
        } else {
            expectBadSignature(claim.requestId, node);
        }
        signedVerifier.verify(claim, output, other);
    }

    function testFuzz_verify_Refuses_TimesThatCannotBe(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) public {
        claim.node = node;
        (uint256 start, uint256 end) = (statement.startedAt, statement.completedAt);
        vm.assume(start > end || end > block.timestamp);
        bytes memory evidence = evidenceBy(NODE_KEY, claim, statement, output);
        vm.expectRevert(
            start > end
                ? abi.encodeWithSelector(ISignedVerifier.SignedVerifierEndsBeforeItStarts.selector, end, start)
                : abi.encodeWithSelector(ISignedVerifier.SignedVerifierFromTheFuture.selector, end, block.timestamp)
        );
        signedVerifier.verify(claim, output, evidence);
    }

    function setSigner(address operator, address signer) private {
        vm.prank(operator);
        nodes.update(NodeRegistration({roles: NodeRoleSet.wrap(1), signer: signer, endpoint: ""}));
    }

    function expectBadSignature(RequestId requestId, address signer) private {
        vm.expectRevert(abi.encodeWithSelector(ISignedVerifier.SignedVerifierBadSignature.selector, requestId, signer));
    }

    function isAccepted(
        InferenceClaim memory claim,
        bytes memory output,
        bytes memory evidence
    ) private view returns (bool) {
        try signedVerifier.verify(claim, output, evidence) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev What `verify` accepts, with the statement's times bounded to what can be.
    function honestEvidence(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) private view returns (bytes memory) {
        makePossible(statement);
        return evidenceBy(NODE_KEY, claim, statement, output);
    }

    /// @dev Bounds the times to what can be.
    function makePossible(Statement memory statement) private view {
        statement.completedAt = uint64(bound(statement.completedAt, 0, block.timestamp));
        statement.startedAt = uint64(bound(statement.startedAt, 0, statement.completedAt));
    }

    function evidenceBy(
        uint256 key,
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) private view returns (bytes memory) {
        bytes32 digest = receiptOf(claim, statement, output).digest(claim.market);
        return bytes.concat(packed(statement), compact(key, digest));
    }

    function packed(Statement memory statement) private pure returns (bytes memory) {
        return
            abi.encodePacked(
                statement.payer,
                statement.inputUnits,
                statement.outputUnits,
                statement.fee,
                statement.startedAt,
                statement.completedAt,
                statement.seq
            );
    }

    function receiptOf(
        InferenceClaim memory claim,
        Statement memory statement,
        bytes memory output
    ) private pure returns (InferenceReceipt memory) {
        return
            InferenceReceipt({
                modelId: claim.modelId,
                requestId: claim.requestId,
                payer: statement.payer,
                node: claim.node,
                tier: Tier.Signed,
                inputHash: claim.inputHash,
                outputHash: keccak256(output),
                inputUnits: statement.inputUnits,
                outputUnits: statement.outputUnits,
                fee: statement.fee,
                startedAt: statement.startedAt,
                completedAt: statement.completedAt,
                seq: statement.seq,
                evidenceHash: 0
            });
    }
}
