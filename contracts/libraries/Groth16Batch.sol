// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {VerificationKey} from "../types/VerificationKey.sol";
import {Groth16} from "./Groth16.sol";

/// @title Many Groth16 proofs checked as one
/// @dev THE EQUATION
///
/// Each proof claims E[i] = e(A, B) · e(-α, β) · e(-l, γ) · e(-C, δ) = 1, where l = IC[0] + Σ x · IC is the point of its
/// public inputs. The batch checks Π E[i]^ρ[i] = 1 with random factors ρ. What is paired with a shared point is summed first:
///
///     Π e(ρ[i] · A[i], B[i]) · e(-Σρ · α, β) · e(-Σ ρ[i] · l[i], γ) · Π e(-Σ ρ[i] · C[i], δ[k]) = 1
///
/// where the last product has one factor for each distinct key k. So n proofs cost n + 2 + (distinct keys) pairings, two
/// multiplications each (ρ · A and ρ · C), and five more for α and the IC points, whose factors are summed in the field.
///
/// SOUNDNESS
///
/// All points are in groups of prime order (the precompiles refuse others), so each E[i] is in a group of prime order too.
/// ρ[0] is 1; each other ρ is 128 bits of a hash of its own. Say E[j] is not 1. If j > 0, then whatever the other factors are,
/// at most one value of ρ[j] makes the product 1. If only E[0] is not 1, the product is E[0]. So a batch with a bad proof
/// passes with probability at most 2^-128 for each transcript that a cheat hashes: q hashes succeed with at most q · 2^-128.
///
/// This rests on all E being fixed before any ρ. Hence the rules, of which each breaks everything if broken:
///
/// - Everything in the equation is in the transcript: tag, number of proofs, the setup (by the hash of its code), each key's
///   δ, and every statement and proof, all as bytes. With one part left out, a cheat computes ρ first and solves for that
///   part. With δ left out, for instance, the author of one key could make up for bad proofs under another one.
/// - Factors are never reused, neither for another batch nor for another proof, and never chosen by a caller. With
///   equal factors, C + X in one proof and C - X in another cancel.
///
/// LAYOUT, in one piece of memory, for n statements
///
///     header           tag ‖ n ‖ hash of the setup's code   (0x60 bytes)
///     n statements     C ‖ index of the key ‖ x1 ‖ x2 ‖ x3  (0xc0 each)
///     n pairs          A ‖ B                                (0xc0 each)
///     up to n keys     address ‖ setup ‖ δ                  (0xc0 each)
///     room             for two more pairs
///
/// The transcript is everything up to the last key. Once it is hashed, the pairs become the pairing's input where they stand:
/// A becomes ρ · A; the first two words of a key, which are no longer needed, become its Σ ρ · C; behind the last key come
/// α and β, then Σ ρ · l and γ.
///
/// LIMITS
///
/// A new key is searched for among those before it: quadratic in distinct keys only, and less than a hundredth of what their
/// pairings cost for as many as fit in a transaction. Base limits the pairing's input; beyond it (427 pairs since the
/// Jovian upgrade) the precompile fails, and the batch is rejected.
library Groth16Batch {
    /// @dev A batch that is being filled; the numbers are memory addresses, except the first three.
    struct Batch {
        uint256 size; // statements that there is room for
        uint256 added; // statements so far
        uint256 keys; // distinct keys so far
        uint256 header;
        uint256 statements;
        uint256 pairs;
        uint256 table; // of keys
    }

    bytes32 private constant TAG = keccak256("opengradient.groth16.batch.v1");

    uint256 private constant HEADER_BYTES = 0x60;

    /// @dev Of a statement, a key, and a pair of points, which are all alike for this.
    uint256 private constant RECORD_BYTES = 0xc0;

    /// @dev Gas a precompile may take: twice today's price, as in {Groth16}.
    uint256 private constant ADD_GAS = 300;
    uint256 private constant MULTIPLY_GAS = 12_000;
    uint256 private constant PAIRING_BASE_GAS = 90_000;
    uint256 private constant PAIRING_GAS = 68_000;

    /// @dev Room for `size` statements. The caller bounds `size`: by the length of an array in calldata, say.
    function create(uint256 size) internal pure returns (Batch memory batch) {
        uint256 header;
        assembly ("memory-safe") {
            header := mload(0x40)
            mstore(0x40, add(add(header, HEADER_BYTES), mul(add(mul(size, 3), 2), RECORD_BYTES)))
        }
        batch.size = size;
        batch.header = header;
        batch.statements = header + HEADER_BYTES;
        batch.pairs = batch.statements + size * RECORD_BYTES;
        batch.table = batch.pairs + size * RECORD_BYTES;
    }

    /// @dev Adds the statement with these public inputs under `key`. False if it cannot hold, whatever comes later,
    /// or if its key's setup is not that of the statements before; the batch is then spoilt. At most `size` times.
    function add(
        Batch memory batch,
        VerificationKey key,
        uint256[3] memory inputs,
        bytes calldata proof
    ) internal view returns (bool) {
        if (proof.length != Groth16.PROOF_BYTES || !_areCanonical(inputs)) return false;
        uint256 index = _indexOf(batch, key);
        if (index == batch.keys && !_addKey(batch, key)) return false;

        assembly ("memory-safe") {
            let done := mul(mload(add(batch, 0x20)), RECORD_BYTES)
            let statement := add(mload(add(batch, 0x80)), done)
            calldatacopy(statement, add(proof.offset, 0xc0), 0x40)
            mstore(add(statement, 0x40), index)
            mcopy(add(statement, 0x60), inputs, 0x60)
            calldatacopy(add(mload(add(batch, 0xa0)), done), proof.offset, RECORD_BYTES)
        }
        ++batch.added;
        return true;
    }

    /// @dev Whether all statements hold. False, never a revert, for malformed points or keys, and for a batch that is not full
    /// or empty: nothing was checked then. Uses up the batch.
    function verify(Batch memory batch) internal view returns (bool) {
        if (batch.size == 0 || batch.added != batch.size) return false;
        (bool sound, address setup) = _setupOf(batch);
        if (!sound) return false;

        (bool combined, uint256 s0, uint256 s1, uint256 s2, uint256 s3) = _combine(batch, _seal(batch, setup));
        if (!combined || !_addShared(batch, setup, s0, s1, s2, s3)) return false;

        uint256 count = batch.size + batch.keys + 2;
        uint256 input = batch.pairs;
        bool valid;
        assembly ("memory-safe") {
            let gasLimit := add(PAIRING_BASE_GAS, mul(count, PAIRING_GAS))
            valid := staticcall(gasLimit, 8, input, mul(count, RECORD_BYTES), 0, 0x20)
            valid := and(valid, eq(mload(0), 1))
        }
        return valid;
    }

    function _areCanonical(uint256[3] memory inputs) private pure returns (bool) {
        uint256 order = Groth16.FIELD_ORDER;
        return inputs[0] < order && inputs[1] < order && inputs[2] < order;
    }

    /// @dev Place of `key` in the table, or the number of keys if it is not there.
    function _indexOf(Batch memory batch, VerificationKey key) private pure returns (uint256 index) {
        uint256 count = batch.keys;
        uint256 table = batch.table;
        assembly ("memory-safe") {
            // From the newest to the oldest: in a run of equal keys the first look finds it.
            index := count
            let place := add(table, mul(count, RECORD_BYTES))
            for {
                let i := count
            } i {} {
                i := sub(i, 1)
                place := sub(place, RECORD_BYTES)
                if eq(mload(place), key) {
                    index := i
                    break
                }
            }
        }
    }

    /// @dev Reads a key's code into the table. False if its setup is not that of the first key.
    function _addKey(Batch memory batch, VerificationKey key) private view returns (bool sameSetup) {
        uint256 first = batch.table;
        uint256 place = first + batch.keys * RECORD_BYTES;
        assembly ("memory-safe") {
            mstore(place, key)
            // The setup's 20 bytes end where δ starts; what is in front of them must be zero.
            mstore(add(place, 0x20), 0)
            extcodecopy(key, add(place, 0x2c), 1, 0x94)
            sameSetup := eq(mload(add(place, 0x20)), mload(add(first, 0x20)))
        }
        ++batch.keys;
    }

    /// @dev The setup of all keys, and whether it is there at all: code that is not there reads as zeros, and under an all-zero
    /// key the all-zero proof would hold.
    function _setupOf(Batch memory batch) private view returns (bool sound, address setup) {
        uint256 first = batch.table;
        assembly ("memory-safe") {
            setup := mload(add(first, 0x20))
        }
        sound = setup.code.length > Groth16.SETUP_BYTES;
    }

    /// @dev Hash of the transcript. From here on nothing in it may change.
    function _seal(Batch memory batch, address setup) private view returns (bytes32 seed) {
        bytes32 tag = TAG;
        uint256 header = batch.header;
        uint256 size = batch.size;
        uint256 length = HEADER_BYTES + (2 * size + batch.keys) * RECORD_BYTES;
        assembly ("memory-safe") {
            mstore(header, tag)
            mstore(add(header, 0x20), size)
            mstore(add(header, 0x40), extcodehash(setup))
            seed := keccak256(header, length)
        }
    }

    /// @dev Multiplies each A and C by its factor and sums the latter by key, negated. Returns Σ ρ and the Σ ρ · x.
    function _combine(
        Batch memory batch,
        bytes32 seed
    ) private view returns (bool ok, uint256 s0, uint256 s1, uint256 s2, uint256 s3) {
        uint256 order = Groth16.FIELD_ORDER;
        _clearSums(batch);
        assembly ("memory-safe") {
            // Scratch space keeps what factors are hashed from: the seed and a count.
            mstore(0, seed)
            ok := 1
            let factor := 1
            let statement := mload(add(batch, 0x80))
            let pair := mload(add(batch, 0xa0))
            for {
                let i := 0
            } lt(i, mload(batch)) {} {
                let sum := add(mload(add(batch, 0xc0)), mul(mload(add(statement, 0x40)), RECORD_BYTES))
                s0 := add(s0, factor) // 128 bits each
                s1 := addmod(s1, mulmod(factor, mload(add(statement, 0x60)), order), order)
                s2 := addmod(s2, mulmod(factor, mload(add(statement, 0x80)), order), order)
                s3 := addmod(s3, mulmod(factor, mload(add(statement, 0xa0)), order), order)

                // The first factor is 1: its A is checked by the pairing, its C by the addition.
                if i {
                    // A factor goes right behind its point: over the key's index, which was read, and over a word of B.
                    mstore(add(statement, 0x40), factor)
                    ok := staticcall(MULTIPLY_GAS, 7, statement, 0x60, statement, 0x40)
                    let word := mload(add(pair, 0x40))
                    mstore(add(pair, 0x40), factor)
                    ok := and(ok, staticcall(MULTIPLY_GAS, 7, pair, 0x60, pair, 0x40))
                    mstore(add(pair, 0x40), word)
                }
                // The sum so far goes behind the new term, over what was read.
                mcopy(add(statement, 0x40), sum, 0x40)
                ok := and(ok, staticcall(ADD_GAS, 6, statement, 0x80, sum, 0x40))
                if iszero(ok) {
                    break
                }

                i := add(i, 1)
                mstore(0x20, i)
                factor := shr(128, keccak256(0, 0x40))
                statement := add(statement, RECORD_BYTES)
                pair := add(pair, RECORD_BYTES)
            }
        }
        _negateSums(batch);
    }

    /// @dev Lets the keys' sums start at infinity.
    function _clearSums(Batch memory batch) private pure {
        uint256 place = batch.table;
        uint256 end = place + batch.keys * RECORD_BYTES;
        assembly ("memory-safe") {
            for {} lt(place, end) {
                place := add(place, RECORD_BYTES)
            } {
                mstore(place, 0)
                mstore(add(place, 0x20), 0)
            }
        }
    }

    /// @dev The sums come out of a precompile, so they are canonical: the negation of (x, y) is (x, q - y), and mod maps that
    /// of infinity back to infinity.
    function _negateSums(Batch memory batch) private pure {
        uint256 place = batch.table;
        uint256 end = place + batch.keys * RECORD_BYTES;
        uint256 order = Groth16.BASE_ORDER;
        assembly ("memory-safe") {
            for {} lt(place, end) {
                place := add(place, RECORD_BYTES)
            } {
                let y := add(place, 0x20)
                mstore(y, mod(sub(order, mload(y)), order))
            }
        }
    }

    /// @dev Puts (-s0 · α, β) and (-(s0 · IC[0] + s1 · IC[1] + s2 · IC[2] + s3 · IC[3]), γ) behind the last key. Memory beyond
    /// the free pointer, none of it kept:
    ///
    ///     0x000  α      0x040  β      0x0c0  γ      0x140  IC[0]   …   0x200  IC[3]
    ///     0x240  factor of the last point
    ///     0x280  running sum and next term, 64 bytes each
    function _addShared(
        Batch memory batch,
        address setup,
        uint256 s0,
        uint256 s1,
        uint256 s2,
        uint256 s3
    ) private view returns (bool ok) {
        uint256 order = Groth16.FIELD_ORDER;
        uint256 place = batch.table + batch.keys * RECORD_BYTES;
        uint256 m;
        assembly ("memory-safe") {
            m := mload(0x40)
            extcodecopy(setup, m, 1, 0x240)
            mcopy(add(place, 0x40), add(m, 0x40), 0x80) // β
            mcopy(add(place, 0x100), add(m, 0xc0), 0x80) // γ

            // The factor of α goes over β, which was copied.
            mstore(add(m, 0x40), sub(order, s0))
            ok := staticcall(MULTIPLY_GAS, 7, m, 0x60, place, 0x40)

            mstore(add(m, 0x280), 0)
            mstore(add(m, 0x2a0), 0)
        }
        // From the last IC point to the first: each factor goes over the point that was used before.
        ok = ok && _accumulate(m + 0x200, order - s3, m + 0x280);
        ok = ok && _accumulate(m + 0x1c0, order - s2, m + 0x280);
        ok = ok && _accumulate(m + 0x180, order - s1, m + 0x280);
        ok = ok && _accumulate(m + 0x140, order - s0, m + 0x280);
        assembly ("memory-safe") {
            mcopy(add(place, 0xc0), add(m, 0x280), 0x40)
        }
    }

    /// @dev Multiplies the point at `point` by `factor`, which goes right behind it, and adds it to the sum at `total`.
    function _accumulate(uint256 point, uint256 factor, uint256 total) private view returns (bool ok) {
        assembly ("memory-safe") {
            mstore(add(point, 0x40), factor)
            ok := staticcall(MULTIPLY_GAS, 7, point, 0x60, add(total, 0x40), 0x40)
            ok := and(ok, staticcall(ADD_GAS, 6, total, 0x80, total, 0x40))
        }
    }
}
