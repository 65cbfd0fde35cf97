// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Groth16} from "../../contracts/libraries/Groth16.sol";
import {KeySetup, VerificationKey} from "../../contracts/types/VerificationKey.sol";
import {Groth16Verifier} from "../../contracts/verifiers/Groth16Verifier.sol";
import {Groth16Simulator} from "../fixtures/Groth16Simulator.sol";
import {Test} from "../fixtures/Test.sol";

contract Groth16BatchTest is Test {
    /// @dev Proofs under one setup.
    struct Items {
        VerificationKey[] keys;
        uint256[3][] inputs;
        bytes[] proofs;
    }

    uint256 private constant ORDER = Groth16.FIELD_ORDER;
    uint256 private constant ALPHA = 13;
    uint256 private constant OTHER_ALPHA = 14;
    uint256 private constant MOST = 7;

    Groth16Verifier private verifier;
    VerificationKey[] private keys;
    VerificationKey private otherSetupsKey;

    function setUp() public {
        verifier = new Groth16Verifier();
        KeySetup setup = verifier.registerSetup(Groth16Simulator.setupWith(ALPHA));
        for (uint256 i = 0; i < Groth16Simulator.KEYS; ++i) {
            (bytes memory delta, ) = Groth16Simulator.deltaOf(i);
            keys.push(verifier.registerKey(setup, delta));
        }
        KeySetup otherSetup = verifier.registerSetup(Groth16Simulator.setupWith(OTHER_ALPHA));
        otherSetupsKey = verifier.registerKey(otherSetup, Groth16Simulator.delta());
    }

    // HONEST BATCHES

    function testFuzz_verifyBatch_Accepts_AnyHonestBatch(uint256 seed, uint256 count) public view {
        Items memory items = sameKey(seed, bound(count, 1, MOST));
        assertTrue(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "honest batch");
    }

    function testFuzz_verifyMixedBatch_Accepts_AnyHonestBatch(uint256 seed, uint256 count) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        assertTrue(verify(items), "honest batch of several keys");
    }

    function testFuzz_verifyMixedBatch_Accepts_AnyOrder(uint256 seed, uint256 count, uint256 order) public view {
        Items memory items = mixed(seed, bound(count, 2, MOST));
        for (uint256 i = items.proofs.length - 1; i != 0; --i) {
            swap(items, i, uint256(keccak256(abi.encode(order, i))) % (i + 1));
        }
        assertTrue(verify(items), "honest batch in another order");
    }

    function testFuzz_verifyBatch_Accepts_OneProofManyTimes(uint256 seed, uint256 count) public view {
        Items memory items = copies(sameKey(seed, 1), bound(count, 2, MOST));
        assertTrue(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "copies");
    }

    /// @dev C = 0 and A from that: sums and negations of the point at infinity.
    function testFuzz_verifyBatch_Accepts_PointsAtInfinity(uint256 seed, uint256 count) public view {
        Items memory items = sameKey(seed, bound(count, 1, MOST));
        for (uint256 i = 0; i < items.proofs.length; ++i) {
            items.proofs[i] = Groth16Simulator.prove(items.inputs[i], 0);
        }
        assertTrue(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "C at infinity");
    }

    // ONE BAD PROOF

    function testFuzz_verifyMixedBatch_Rejects_AnyChangedByte(
        uint256 seed,
        uint256 count,
        uint256 position,
        bytes1 change
    ) public view {
        vm.assume(change != 0);
        Items memory items = mixed(seed, bound(count, 1, MOST));
        bytes memory proof = items.proofs[seed % items.proofs.length];
        proof[position % proof.length] ^= change;
        assertFalse(verify(items), "changed byte");
    }

    function testFuzz_verifyMixedBatch_Rejects_AnyOtherPoint(
        uint256 seed,
        uint256 count,
        uint256 shift,
        bool isC
    ) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        uint256 victim = seed % items.proofs.length;
        shiftPoint(items.proofs[victim], isC ? 192 : 0, Groth16Simulator.multiple(bound(shift, 1, ORDER - 1)));
        assertFalse(verify(items), "another point of the curve");
    }

    function testFuzz_verifyMixedBatch_Rejects_OtherInputs(uint256 seed, uint256 count, uint256 change) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        uint256[3] memory inputs = items.inputs[seed % items.proofs.length];
        uint256 position = (seed >> 8) % 3;
        inputs[position] = addmod(inputs[position], bound(change, 1, ORDER - 1), ORDER);
        assertFalse(verify(items), "another input");
    }

    function testFuzz_verifyMixedBatch_Rejects_InputsBeyondTheField(uint256 seed, uint256 count) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        // The same residue: the proof would hold if it were reduced.
        items.inputs[seed % items.proofs.length][(seed >> 8) % 3] += ORDER;
        assertFalse(verify(items), "input beyond the field");
    }

    function testFuzz_verifyMixedBatch_Rejects_CoordinatesBeyondTheField(uint256 seed, uint256 count) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        bytes memory proof = items.proofs[seed % items.proofs.length];
        uint256 offset = ((seed >> 8) % 8) * 32;
        setWord(proof, offset, wordOf(proof, offset) + Groth16.BASE_ORDER);
        assertFalse(verify(items), "coordinate beyond the field");
    }

    function testFuzz_verifyMixedBatch_Rejects_AnotherKey(uint256 seed, uint256 count) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        uint256 victim = seed % items.proofs.length;
        items.keys[victim] = otherKey(items.keys[victim]);
        assertFalse(verify(items), "another key");
    }

    // BAD PROOFS THAT MAKE UP FOR EACH OTHER

    function testFuzz_verifyBatch_Rejects_ErrorsThatCancel(
        uint256 seed,
        uint256 count,
        uint256 shift,
        bool isC
    ) public view {
        Items memory items = sameKey(seed, bound(count, 2, MOST));
        (uint256 i, uint256 j) = distinct(seed, items.proofs.length);
        shift = bound(shift, 1, ORDER - 1);
        uint256 offset = isC ? 192 : 0;
        shiftPoint(items.proofs[i], offset, Groth16Simulator.multiple(shift));
        shiftPoint(items.proofs[j], offset, Groth16Simulator.multiple(ORDER - shift));

        assertFalse(verifier.verify(keys[0], items.inputs[i], items.proofs[i]), "the one");
        assertFalse(verifier.verify(keys[0], items.inputs[j], items.proofs[j]), "the other");
        assertTrue(Groth16Simulator.holdTogether(items.inputs, items.proofs), "without factors they hold together");
        assertFalse(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "with factors they do not");
    }

    function testFuzz_verifyBatch_Rejects_InputsThatCancel(uint256 seed, uint256 count, uint256 change) public view {
        Items memory items = sameKey(seed, bound(count, 2, MOST));
        (uint256 i, uint256 j) = distinct(seed, items.proofs.length);
        change = bound(change, 1, ORDER - 1);
        items.inputs[i][0] = addmod(items.inputs[i][0], change, ORDER);
        items.inputs[j][0] = addmod(items.inputs[j][0], ORDER - change, ORDER);
        assertTrue(Groth16Simulator.holdTogether(items.inputs, items.proofs), "without factors they hold together");
        assertFalse(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "with factors they do not");
    }

    function testFuzz_verifyMixedBatch_Rejects_ErrorsThatCancelAcrossKeys(uint256 seed, uint256 shift) public view {
        // Under keys 0 and 1, whose δ are 7·Q and 11·Q: an error of 11·x in the one C, of -7·x in the other.
        shift = bound(shift, 1, ORDER - 1);
        Items memory items = mixed(seed, 2);
        for (uint256 i = 0; i < 2; ++i) {
            items.keys[i] = keys[i];
            items.proofs[i] = Groth16Simulator.proveUnder(ALPHA, i, items.inputs[i], seed);
        }
        shiftPoint(items.proofs[0], 192, Groth16Simulator.multiple(mulmod(11, shift, ORDER)));
        shiftPoint(items.proofs[1], 192, Groth16Simulator.multiple(mulmod(ORDER - 7, shift, ORDER)));
        assertFalse(verify(items), "errors that cancel across keys");
    }

    function testFuzz_verifyBatch_Rejects_CopiesOfABadProof(uint256 seed, uint256 count, uint256 shift) public view {
        Items memory items = sameKey(seed, 1);
        shiftPoint(items.proofs[0], 192, Groth16Simulator.multiple(bound(shift, 1, ORDER - 1)));
        items = copies(items, bound(count, 1, MOST));
        assertFalse(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "copies of a bad proof");
    }

    function testFuzz_verifyBatch_Rejects_SwappedProofs(uint256 seed, uint256 count) public view {
        Items memory items = sameKey(seed, bound(count, 2, MOST));
        (uint256 i, uint256 j) = distinct(seed, items.proofs.length);
        (items.proofs[i], items.proofs[j]) = (items.proofs[j], items.proofs[i]);
        assertFalse(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "swapped proofs");
    }

    // SINGLY AND TOGETHER

    /// @dev A batch holds exactly if each of its proofs does.
    function testFuzz_verifyMixedBatch_Agrees_WithSingleChecks(uint256 seed, uint256 count, uint8 bad) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        bool all = true;
        for (uint256 i = 0; i < items.proofs.length; ++i) {
            if ((bad >> i) & 1 == 1) shiftPoint(items.proofs[i], 192, Groth16Simulator.multiple(seed | 1));
            all = all && verifier.verify(items.keys[i], items.inputs[i], items.proofs[i]);
        }
        assertTrue(verify(items) == all, "together as singly");
    }

    // WHAT IS NO BATCH

    function testFuzz_verifyMixedBatch_Rejects_SeveralSetups(uint256 seed, uint256 count) public view {
        Items memory items = mixed(seed, bound(count, 1, MOST));
        uint256 victim = seed % items.proofs.length;
        items.keys[victim] = otherSetupsKey;
        items.proofs[victim] = Groth16Simulator.proveUnder(OTHER_ALPHA, 0, items.inputs[victim], seed);
        assertTrue(verifier.verify(otherSetupsKey, items.inputs[victim], items.proofs[victim]), "holds on its own");
        assertTrue(verify(items) == (items.proofs.length == 1), "together with those of another setup");
    }

    function testFuzz_verifyMixedBatch_Rejects_KeysThatAreNotThere(
        uint256 seed,
        uint256 count,
        address nowhere
    ) public view {
        vm.assume(nowhere.code.length == 0);
        Items memory items = mixed(seed, bound(count, 1, MOST));
        items.keys[seed % items.keys.length] = VerificationKey.wrap(nowhere);
        assertFalse(verify(items), "one missing key");
        for (uint256 i = 0; i < items.keys.length; ++i) {
            items.keys[i] = VerificationKey.wrap(nowhere);
            items.proofs[i] = new bytes(256);
        }
        assertFalse(verify(items), "zero proofs under a missing key");
    }

    function testFuzz_verifyMixedBatch_Rejects_WrongLengths(uint256 seed, uint256 count, uint256 length) public view {
        Items memory items = mixed(seed, bound(count, 2, MOST));
        Items memory fewer = mixed(seed, items.proofs.length - 1);
        assertFalse(verifier.verifyMixedBatch(fewer.keys, items.inputs, items.proofs), "fewer keys");
        assertFalse(verifier.verifyMixedBatch(items.keys, fewer.inputs, items.proofs), "fewer inputs");
        assertFalse(verifier.verifyMixedBatch(items.keys, items.inputs, fewer.proofs), "fewer proofs");
        assertFalse(verifier.verifyBatch(keys[0], items.inputs, fewer.proofs), "fewer proofs, one key");

        length = bound(length, 0, 600);
        vm.assume(length != 256);
        items.proofs[seed % items.proofs.length] = new bytes(length);
        assertFalse(verify(items), "proof of another length");
    }

    function testFuzz_verifyBatch_NeverReverts(uint256[3][] memory inputs, bytes[] memory proofs) public view {
        assertFalse(verifier.verifyBatch(keys[0], inputs, proofs), "random bytes");
        bytes[] memory sized = new bytes[](inputs.length);
        for (uint256 i = 0; i < inputs.length; ++i) {
            inputs[i][0] %= ORDER;
            inputs[i][1] %= ORDER;
            inputs[i][2] %= ORDER;
            sized[i] = abi.encode(i < proofs.length ? keccak256(proofs[i]) : bytes32(0), [1, 2, 3, 4, 5, 6, 7]);
        }
        assertFalse(verifier.verifyBatch(keys[0], inputs, sized), "random points");
    }

    function testFuzz_verifyBatch_Spends_ABoundedAmount(uint256 seed, uint256 count, uint256 position) public view {
        Items memory items = sameKey(seed, bound(count, 1, MOST));
        bytes memory proof = items.proofs[seed % items.proofs.length];
        setWord(proof, (position % 8) * 32, 1);
        uint256 before = gasleft();
        assertFalse(verifier.verifyBatch(keys[0], items.inputs, items.proofs), "off the curve");
        // Twice what an honest batch takes.
        assertLe(before - gasleft(), 2 * (200_000 + 60_000 * items.proofs.length), "gas");
    }

    // ITEMS

    function verify(Items memory items) private view returns (bool) {
        return verifier.verifyMixedBatch(items.keys, items.inputs, items.proofs);
    }

    function sameKey(uint256 seed, uint256 count) private view returns (Items memory items) {
        items = empty(count);
        for (uint256 i = 0; i < count; ++i) {
            items.inputs[i] = inputsFrom(seed, i);
            items.proofs[i] = Groth16Simulator.prove(items.inputs[i], uint256(keccak256(abi.encode(seed, i))));
        }
    }

    function mixed(uint256 seed, uint256 count) private view returns (Items memory items) {
        items = empty(count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 key = random % Groth16Simulator.KEYS;
            items.keys[i] = keys[key];
            items.inputs[i] = inputsFrom(seed, i);
            items.proofs[i] = Groth16Simulator.proveUnder(ALPHA, key, items.inputs[i], random);
        }
    }

    function copies(Items memory one, uint256 count) private pure returns (Items memory items) {
        items = empty(count);
        for (uint256 i = 0; i < count; ++i) {
            (items.inputs[i], items.proofs[i]) = (one.inputs[0], one.proofs[0]);
        }
    }

    function empty(uint256 count) private pure returns (Items memory items) {
        items.keys = new VerificationKey[](count);
        items.inputs = new uint256[3][](count);
        items.proofs = new bytes[](count);
    }

    function swap(Items memory items, uint256 i, uint256 j) private pure {
        (items.keys[i], items.keys[j]) = (items.keys[j], items.keys[i]);
        (items.inputs[i], items.inputs[j]) = (items.inputs[j], items.inputs[i]);
        (items.proofs[i], items.proofs[j]) = (items.proofs[j], items.proofs[i]);
    }

    function inputsFrom(uint256 seed, uint256 index) private pure returns (uint256[3] memory inputs) {
        for (uint256 i = 0; i < 3; ++i) {
            inputs[i] = uint256(keccak256(abi.encode(seed, index, i))) % ORDER;
        }
    }

    function otherKey(VerificationKey key) private view returns (VerificationKey) {
        return key == keys[0] ? keys[1] : keys[0];
    }

    function distinct(uint256 seed, uint256 count) private pure returns (uint256 i, uint256 j) {
        i = seed % count;
        j = (i + 1 + ((seed >> 128) % (count - 1))) % count;
    }

    /// @dev Adds a point to the one that starts at `offset` of a proof.
    function shiftPoint(bytes memory proof, uint256 offset, bytes memory point) private view {
        bytes memory old = abi.encode(wordOf(proof, offset), wordOf(proof, offset + 32));
        (uint256 x, uint256 y) = abi.decode(Groth16Simulator.plus(old, point), (uint256, uint256));
        setWord(proof, offset, x);
        setWord(proof, offset + 32, y);
    }

    function wordOf(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }

    function setWord(bytes memory data, uint256 offset, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 0x20), offset), word)
        }
    }
}
