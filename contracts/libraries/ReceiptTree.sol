// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceReceipt} from "../types/InferenceReceipt.sol";

/// @title The tree of a batch's receipts
/// @dev A leaf is `keccak256(0x00 ‖ receipt struct hash ‖ signature)`, an inner node `keccak256(0x01 ‖ left ‖ right)`: none can
/// stand for the other. Leaves are filled up with zero words to the next power of two, so every path of a batch has the same
/// length. What has a path of another length, or a place beyond the last receipt, is not in the batch.
library ReceiptTree {
    /// @dev Leaf of a receipt: the signature belongs to it, so that a receipt with a wrong one can be shown.
    function leafOf(InferenceReceipt memory receipt, bytes memory signature) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), receipt.hashStruct(), signature));
    }

    /// @dev Root that a leaf at this place leads to by this path.
    function rootOf(bytes32 leaf, uint256 index, bytes32[] calldata path) internal pure returns (bytes32 root) {
        assembly ("memory-safe") {
            // Scratch space is one byte too short: the pair stands behind the free memory's start, the prefix before it.
            let m := mload(0x40)
            mstore8(m, 0x01)
            let left := add(m, 0x01)
            let right := add(m, 0x21)
            root := leaf
            let end := add(path.offset, shl(5, path.length))
            for {
                let at := path.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                // Bit `n` of the index says on which side the node at height `n` is.
                switch and(index, 1)
                case 0 {
                    mstore(left, root)
                    mstore(right, calldataload(at))
                }
                default {
                    mstore(left, calldataload(at))
                    mstore(right, root)
                }
                root := keccak256(m, 0x41)
                index := shr(1, index)
            }
        }
    }

    /// @dev Whether a batch of `count` receipts has a place `index` with paths of this length. `count` is not zero.
    function isPlace(uint256 index, uint256 pathLength, uint256 count) internal pure returns (bool) {
        if (index >= count || pathLength > 32) return false;
        uint256 width = 1 << pathLength;
        return width >= count && (pathLength == 0 || width >> 1 < count);
    }

    /// @dev Root of the tree of these leaves, and their `dataHash`. There is at least one.
    function rootOfLeaves(bytes32[] calldata leaves) internal pure returns (bytes32 root, bytes32 dataHash) {
        uint256 count = leaves.length;
        uint256 width = 1;
        while (width < count) width <<= 1;
        assembly ("memory-safe") {
            // Behind the free memory's start: one word for the prefix and the pair's start, the pair, and the level.
            let m := mload(0x40)
            let level := add(m, 0x60)
            let size := shl(5, count)
            calldatacopy(level, leaves.offset, size)
            dataHash := keccak256(level, size)
            // Beyond the end of the calldata there are zeros.
            calldatacopy(add(level, size), calldatasize(), sub(shl(5, width), size))
            mstore8(m, 0x01)
            let pair := add(m, 0x01)
            for {
                width := shr(1, width)
            } width {
                width := shr(1, width)
            } {
                let end := add(level, shl(5, width))
                let from := level
                for {
                    let to := level
                } lt(to, end) {
                    to := add(to, 0x20)
                } {
                    // Written behind what was read: a level takes the place of the one below it.
                    mcopy(pair, from, 0x40)
                    mstore(to, keccak256(m, 0x41))
                    from := add(from, 0x40)
                }
            }
            root := mload(level)
        }
    }
}
