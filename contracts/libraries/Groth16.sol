// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VerificationKey} from "../types/VerificationKey.sol";

/// @title Groth16 verification over BN254 (Groth, "On the Size of Pairing-based Non-interactive Arguments", 2016)
/// @dev KEYS AS CODE
///
/// A verification key is (α, β, γ, δ, IC). α, β and γ come from the Powers of Tau file; IC too, because the circuits made
/// here name their public inputs only in rows of fixed position (docs/zkml.md tells why). So all models of one domain
/// size share everything but δ, and a key is stored in two pieces of contract code:
///
///     setup   α (64 bytes) ‖ β (128) ‖ γ (128) ‖ IC[0] ‖ … ‖ IC[n] (64 each)
///     key     address of the setup (20) ‖ δ (128)
///
/// each behind one STOP byte. Any other circuit's key fits as well: it then has a setup of its own.
///
/// Points are as EIP-196 and EIP-197 write them: big-endian coordinates, G2 with the imaginary part first.
///
/// WHAT THIS TRUSTS
///
/// - That the setup's secrets are unknown: who knows δ's or the Powers of Tau's can forge. Whether to trust a key is the
///   model publisher's statement and the payer's choice; the contract cannot tell.
/// - The precompiles at 6, 7 and 8, which also reject points off the curve and outside the subgroup.
library Groth16 {
    /// @dev Order of BN254's scalar field: every public input is below it.
    uint256 internal constant FIELD_ORDER =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev Order of BN254's base field: every coordinate is below it.
    uint256 internal constant BASE_ORDER =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @dev A (64 bytes) ‖ B (128) ‖ C (64).
    uint256 internal constant PROOF_BYTES = 256;

    uint256 internal constant G1_BYTES = 64;
    uint256 internal constant G2_BYTES = 128;

    /// @dev α ‖ β ‖ γ ‖ IC[0] ‖ … ‖ IC[3] (64 + 2 · 128 + 4 · 64).
    uint256 internal constant SETUP_BYTES = 576;

    /// @dev Address of the setup ‖ δ (20 + 128).
    uint256 internal constant KEY_BYTES = 148;

    /// @dev Gas a precompile may take: twice today's price, to outlive a repricing. A malformed point makes a precompile
    /// burn all it was given, so it is not given everything.
    uint256 private constant ADD_GAS = 300;
    uint256 private constant MULTIPLY_GAS = 12_000;
    uint256 private constant PAIRING_GAS = 362_000; // 2 · (45,000 + 4 · 34,000)

    /// @dev Whether `proof` proves the statement with public inputs (x1, x2, x3) under `key`. False, never a revert, for any
    /// malformed proof, key or input.
    ///
    /// Checks e(-A, B) · e(α, β) · e(IC[0] + Σ x[i] · IC[i], γ) · e(C, δ) = 1. Memory beyond the free pointer, none of it kept:
    ///
    ///     0x000  -A        0x040  B     pair 1
    ///     0x0c0  α         0x100  β     pair 2
    ///     0x180  Σ         0x1c0  γ     pair 3
    ///     0x240  C         0x280  δ     pair 4, until here the pairing's input
    ///     0x300  the setup; its IC points start at 0x440
    ///     0x540  factor of the last point
    ///     0x580  running sum and next term, 64 bytes each
    function verify(
        VerificationKey key,
        uint256 x1,
        uint256 x2,
        uint256 x3,
        bytes calldata proof
    ) internal view returns (bool valid) {
        if (proof.length != PROOF_BYTES) return false;
        if (x1 >= FIELD_ORDER || x2 >= FIELD_ORDER || x3 >= FIELD_ORDER) return false;

        assembly ("memory-safe") {
            /// @dev Multiplies the point at `point` by `factor` and adds it to the running sum at `total`. The factor goes
            /// right behind the point, over the point that was used before.
            function accumulate(point, factor, total) -> ok {
                mstore(add(point, 0x40), factor)
                ok := staticcall(MULTIPLY_GAS, 7, point, 0x60, add(total, 0x40), 0x40)
                ok := and(ok, staticcall(ADD_GAS, 6, total, 0x80, total, 0x40))
            }

            let m := mload(0x40)

            // δ to its place; the setup's address, in front of it, where C comes later.
            extcodecopy(key, add(m, 0x26c), 1, KEY_BYTES)
            let setup := shr(96, mload(add(m, 0x26c)))
            // Code that is not there reads as zeros, and under an all-zero key the all-zero proof would hold.
            valid := gt(extcodesize(setup), SETUP_BYTES)

            // The setup, then α and β, and γ, to their places.
            extcodecopy(setup, add(m, 0x300), 1, SETUP_BYTES)
            mcopy(add(m, 0xc0), add(m, 0x300), 0xc0)
            mcopy(add(m, 0x1c0), add(m, 0x3c0), 0x80)

            // A and B, and C, to theirs. -A is (x, q - y); mod maps the negation of infinity back to infinity. The precompile
            // sees only the negation, so that y is canonical is checked here.
            calldatacopy(m, proof.offset, 0xc0)
            let y := mload(add(m, 0x20))
            valid := and(valid, lt(y, BASE_ORDER))
            mstore(add(m, 0x20), mod(sub(BASE_ORDER, y), BASE_ORDER))
            calldatacopy(add(m, 0x240), add(proof.offset, 0xc0), G1_BYTES)

            // Σ: IC[0], then the other terms, from the last IC point to the first.
            let total := add(m, 0x580)
            mcopy(total, add(m, 0x440), G1_BYTES)
            valid := and(valid, accumulate(add(m, 0x500), x3, total))
            valid := and(valid, accumulate(add(m, 0x4c0), x2, total))
            valid := and(valid, accumulate(add(m, 0x480), x1, total))
            mcopy(add(m, 0x180), total, G1_BYTES)

            // Scratch space takes the result.
            valid := and(valid, staticcall(PAIRING_GAS, 8, m, 0x300, 0, 0x20))
            valid := and(valid, eq(mload(0), 1))
        }
    }
}
