// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReceiptTree} from "../../contracts/libraries/ReceiptTree.sol";
import {Test} from "../fixtures/Test.sol";

/// @title The tree of receipts against the definition of it, written naively
contract ReceiptTreeTest is Test {
    uint256 private constant MAX = 300;

    function test_Fuzz_rootIsThatOfTheDefinition(uint256 seed, uint256 size) external view {
        bytes32[] memory leaves = leavesOf(seed, bound(size, 1, MAX));
        (bytes32 root, bytes32 dataHash) = this.rootOfLeaves(leaves);
        assertEq(root, naiveRoot(leaves), "root");
        assertEq(dataHash, keccak256(abi.encodePacked(leaves)), "data hash");
    }

    function test_Fuzz_everyPlaceHasItsPathAndNoOther(
        uint256 seed,
        uint256 size,
        uint256 which,
        uint256 other
    ) external view {
        uint256 count = bound(size, 1, MAX);
        bytes32[] memory leaves = leavesOf(seed, count);
        (uint256 index, uint256 wrong) = (bound(which, 0, count - 1), bound(other, 0, count - 1));
        bytes32[] memory path = pathOf(leaves, index);
        bytes32 root = naiveRoot(leaves);
        assertEq(this.rootOf(leaves[index], index, path), root, "path");
        assertTrue(ReceiptTree.isPlace(index, path.length, count), "place");
        assertFalse(ReceiptTree.isPlace(index, path.length + 1, count), "longer");
        if (path.length != 0) assertFalse(ReceiptTree.isPlace(index, path.length - 1, count), "shorter");
        assertFalse(ReceiptTree.isPlace(count, path.length, count), "beyond");
        if (wrong != index) {
            assertTrue(this.rootOf(leaves[index], wrong, path) != root, "other place");
            assertTrue(this.rootOf(leaves[wrong], index, path) != root, "other leaf");
        }
    }

    /// @dev What follows in memory must not be touched by the tree's work.
    function test_Fuzz_memoryStaysWhole(uint256 seed, uint256 size) external view {
        bytes32[] memory leaves = leavesOf(seed, bound(size, 1, 40));
        this.checkMemory(leaves);
    }

    function checkMemory(bytes32[] calldata leaves) external pure {
        bytes32 before = keccak256(abi.encode(leaves.length));
        bytes memory first = abi.encode(before);
        (bytes32 root, ) = ReceiptTree.rootOfLeaves(leaves);
        bytes memory second = abi.encode(root);
        assertEq(abi.decode(first, (bytes32)), before, "before");
        assertEq(abi.decode(second, (bytes32)), root, "after");
        (bytes32 again, ) = ReceiptTree.rootOfLeaves(leaves);
        assertEq(again, root, "again, on dirty memory");
    }

    function rootOfLeaves(bytes32[] calldata leaves) external pure returns (bytes32, bytes32) {
        return ReceiptTree.rootOfLeaves(leaves);
    }

    function rootOf(bytes32 leaf, uint256 index, bytes32[] calldata path) external pure returns (bytes32) {
        return ReceiptTree.rootOf(leaf, index, path);
    }

    function leavesOf(uint256 seed, uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = keccak256(abi.encode(seed, i));
    }

    function naiveRoot(bytes32[] memory leaves) private pure returns (bytes32) {
        bytes32[] memory level = filledUp(leaves);
        while (level.length != 1) level = above(level);
        return level[0];
    }

    function pathOf(bytes32[] memory leaves, uint256 index) private pure returns (bytes32[] memory path) {
        bytes32[] memory level = filledUp(leaves);
        uint256 depth = 0;
        while (1 << depth < level.length) ++depth;
        path = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            path[i] = level[index ^ 1];
            (level, index) = (above(level), index / 2);
        }
    }

    function filledUp(bytes32[] memory leaves) private pure returns (bytes32[] memory level) {
        uint256 width = 1;
        while (width < leaves.length) width *= 2;
        level = new bytes32[](width);
        for (uint256 i = 0; i < leaves.length; ++i) level[i] = leaves[i];
    }

    function above(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[](level.length / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = keccak256(abi.encodePacked(bytes1(0x01), level[2 * i], level[2 * i + 1]));
        }
    }
}
