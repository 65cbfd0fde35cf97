// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Identifier of a request: the EIP-712 digest of its terms, so it names chain, market and every term at once.
type RequestId is bytes32;

using {equals as ==, differs as !=} for RequestId global;

function equals(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) == RequestId.unwrap(b);
}

function differs(RequestId a, RequestId b) pure returns (bool) {
    return RequestId.unwrap(a) != RequestId.unwrap(b);
}
