// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev A Groth16 verification key stored as contract code. Its value is the address of that code, which `CREATE2` derives
/// from the content: equal keys have equal addresses, and no key can be replaced.
type VerificationKey is address;

/// @dev The part of a key that all models set up from one Powers of Tau file at one domain size share, stored the same way.
type KeySetup is address;

VerificationKey constant NO_KEY = VerificationKey.wrap(address(0));

using {equals as ==, differs as !=} for VerificationKey global;

function equals(VerificationKey a, VerificationKey b) pure returns (bool) {
    return VerificationKey.unwrap(a) == VerificationKey.unwrap(b);
}

function differs(VerificationKey a, VerificationKey b) pure returns (bool) {
    return VerificationKey.unwrap(a) != VerificationKey.unwrap(b);
}
