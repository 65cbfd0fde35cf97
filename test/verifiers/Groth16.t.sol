// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Groth16} from "../../contracts/libraries/Groth16.sol";
import {KeySetup, VerificationKey} from "../../contracts/types/VerificationKey.sol";
import {Groth16Verifier} from "../../contracts/verifiers/Groth16Verifier.sol";
import {Groth16Simulator} from "../fixtures/Groth16Simulator.sol";
import {Test} from "../fixtures/Test.sol";

contract Groth16Test is Test {
    Groth16Verifier private verifier;
    VerificationKey private key;

    function setUp() public {
        verifier = new Groth16Verifier();
        key = verifier.registerKey(verifier.registerSetup(Groth16Simulator.setup()), Groth16Simulator.delta());
    }

    function testFuzz_verify_Accepts_AnyHonestStatement(uint256[3] memory inputs, uint256 secret) public view {
        inputs = reduced(inputs);
        bytes memory proof = Groth16Simulator.prove(inputs, secret);
        assertTrue(verifier.verify(key, inputs, proof), "honest proof");
    }

    function testFuzz_verify_Rejects_OtherInputs(
        uint256[3] memory inputs,
        uint256[3] memory others,
        uint256 secret
    ) public view {
        (inputs, others) = (reduced(inputs), reduced(others));
        // Inputs enter as 18·x1 + 19·x2 + 20·x3 here, because the toy key's IC points are known multiples of each other.
        vm.assume(weighted(inputs) != weighted(others));
        bytes memory proof = Groth16Simulator.prove(inputs, secret);
        assertFalse(verifier.verify(key, others, proof), "proof for other inputs");
    }

    function testFuzz_verify_Rejects_InputsBeyondTheField(
        uint256[3] memory inputs,
        uint256 secret,
        uint256 position,
        uint256 excess
    ) public view {
        inputs = reduced(inputs);
        bytes memory proof = Groth16Simulator.prove(inputs, secret);
        inputs[position % 3] = bound(excess, Groth16.FIELD_ORDER, type(uint256).max);
        assertFalse(verifier.verify(key, inputs, proof), "input beyond the field");
    }

    function testFuzz_verify_Rejects_AnyChangedByte(
        uint256[3] memory inputs,
        uint256 secret,
        uint256 position,
        bytes1 change
    ) public view {
        vm.assume(change != 0);
        inputs = reduced(inputs);
        bytes memory proof = Groth16Simulator.prove(inputs, secret);
        uint256 index = position % proof.length;
        proof[index] = proof[index] ^ change;
        assertFalse(verifier.verify(key, inputs, proof), "changed proof");
    }

    function testFuzz_verify_NeverReverts(uint256[3] memory inputs, bytes memory proof) public view {
        assertFalse(verifier.verify(key, inputs, proof), "random bytes");
    }

    function testFuzz_verify_Rejects_KeysThatAreNotThere(address nowhere, uint256[3] memory inputs) public view {
        vm.assume(nowhere.code.length == 0);
        inputs = reduced(inputs);
        VerificationKey missing = VerificationKey.wrap(nowhere);
        assertFalse(verifier.verify(missing, inputs, Groth16Simulator.prove(inputs, 1)), "missing key");
        assertFalse(verifier.verify(missing, [uint256(0), 0, 0], new bytes(256)), "zero proof");
    }

    function testFuzz_registerSetup_Rejects_AnyChangedByte(uint256 position, bytes1 change) public {
        vm.assume(change != 0);
        bytes memory points = Groth16Simulator.setup();
        uint256 index = position % points.length;
        points[index] = points[index] ^ change;
        vm.expectRevert(abi.encodeWithSignature("Groth16VerifierBadPoint(uint256)", pointStart(index)));
        verifier.registerSetup(points);
    }

    function testFuzz_registerKey_Rejects_AnyChangedByte(uint256 position, bytes1 change) public {
        vm.assume(change != 0);
        KeySetup setup = verifier.setupAddress(Groth16Simulator.setup());
        bytes memory delta = Groth16Simulator.delta();
        uint256 index = position % delta.length;
        delta[index] = delta[index] ^ change;
        vm.expectRevert(abi.encodeWithSignature("Groth16VerifierBadPoint(uint256)", 0));
        verifier.registerKey(setup, delta);
    }

    /// @dev Offset of the point that a byte of a setup belongs to: α, β, γ, then IC points.
    function pointStart(uint256 index) private pure returns (uint256) {
        if (index < 64) return 0;
        if (index < 192) return 64;
        if (index < 320) return 192;
        return index - (index % 64);
    }

    function weighted(uint256[3] memory inputs) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < 3; ++i) {
            sum = addmod(sum, mulmod(inputs[i], 18 + i, Groth16.FIELD_ORDER), Groth16.FIELD_ORDER);
        }
    }

    function reduced(uint256[3] memory inputs) private pure returns (uint256[3] memory) {
        for (uint256 i = 0; i < 3; ++i) {
            inputs[i] %= Groth16.FIELD_ORDER;
        }
        return inputs;
    }
}
