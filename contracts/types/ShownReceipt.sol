// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InferenceReceipt} from "./InferenceReceipt.sol";

/// @dev A receipt, and where it is in its batch.
/// @param receipt What was signed.
/// @param signature As it was committed: 64 bytes (EIP-2098), or whatever the node put there.
/// @param index Place in the batch, from 0.
/// @param path Siblings on the way to the root, from the bottom up.
struct ShownReceipt {
    InferenceReceipt receipt;
    bytes signature;
    uint256 index;
    bytes32[] path;
}
