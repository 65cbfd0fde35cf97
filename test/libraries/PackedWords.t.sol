// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {PackedWords} from "../../contracts/libraries/PackedWords.sol";
import {Test} from "../fixtures/Test.sol";

contract PackedWordsTest is Test {
    uint256 private constant ORDER = PackedWords.FIELD_ORDER;

    /// @dev The definition, word by word and byte by byte.
    function slowly(bytes memory data, uint256 point) private pure returns (uint256 value) {
        uint256 power = 1;
        for (uint256 start = 0; start < data.length; start += 31) {
            uint256 word = 0;
            for (uint256 i = 0; i < 31; ++i) {
                word = (word << 8) | (start + i < data.length ? uint8(data[start + i]) : 0);
            }
            value = addmod(value, mulmod(word, power, ORDER), ORDER);
            power = mulmod(power, point, ORDER);
        }
    }

    function testFuzz_evaluate_Equals_TheDefinition(bytes memory data, uint256 point) public pure {
        vm.assume(data.length != 0);
        point %= ORDER;
        assertEq(PackedWords.evaluate(data, point), slowly(data, point), "fingerprint");
    }

    function testFuzz_evaluate_Leaves_MemoryAsItWas(bytes memory data, uint256 behind, uint256 point) public pure {
        vm.assume(data.length != 0);
        bytes memory next = abi.encode(behind);
        bytes32 before = keccak256(bytes.concat(data, next));
        PackedWords.evaluate(data, point % ORDER);
        assertEq(keccak256(bytes.concat(data, next)), before, "memory");
    }

    function test_evaluate_Handles_EveryLengthAroundWordBorders() public pure {
        for (uint256 length = 1; length <= 130; ++length) {
            bytes memory data = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                data[i] = bytes1(uint8(i * 7 + 255));
            }
            assertEq(PackedWords.evaluate(data, ORDER - 1), slowly(data, ORDER - 1), "fingerprint");
            assertEq(PackedWords.evaluate(data, 0), slowly(data, 0), "first word");
        }
    }

    function testFuzz_evaluate_Tells_DifferentBytesApart(
        bytes memory data,
        uint256 position,
        bytes1 change,
        uint256 point
    ) public pure {
        vm.assume(data.length != 0 && change != 0);
        point = bound(point, 1, ORDER - 1);
        uint256 honest = PackedWords.evaluate(data, point);
        uint256 index = position % data.length;
        data[index] = data[index] ^ change;
        assertTrue(PackedWords.evaluate(data, point) != honest, "collision");
    }
}
