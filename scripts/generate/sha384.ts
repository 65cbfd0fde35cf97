import { readFile, writeFile } from "node:fs/promises";
import { indented } from "./indented.ts";

/** Fractions of roots of the first primes, as FIPS 180-4 defines the constants: 64 bits behind the point. */
const ROUND_CONSTANTS = primes(80).map((prime) => rootFraction(prime, 3));
const INITIAL_STATE = primes(16)
  .slice(8)
  .map((prime) => rootFraction(prime, 2));

const FILE = "contracts/verifiers/nitro/Sha384.sol";

/** Writes the library that hashes. */
export async function generateSha384(): Promise<void> {
  await writeFile(FILE, sha384Library());
}

/** The library's file, if it is not as its generator would write it. */
export async function staleSha384(): Promise<string[]> {
  return (await readFile(FILE, "utf8")) === sha384Library() ? [] : [FILE];
}

const MASK = "0xffffffffffffffff";
/** The low halves of both lanes of a pair. */
const PAIR_MASK = "0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff";
/** Times a number below 2⁶⁴: the number twice, so that a shift to the right is a rotation in the low 64 bits. */
const TWICE = "0x10000000000000001";

/** Words of the message schedule, 16 bytes each with the number in the low 8, after 16 bytes of room. */
const SCHEDULE_BYTES = 16 + 80 * 16;
const STATE_BYTES = 8 * 32;

/** The text of `contracts/verifiers/nitro/Sha384.sol`. */
function sha384Library(): string {
  return indented(`// SPDX-License-Identifier: MIT
// Written by scripts/generate/sha384.ts: change that, and run npm run generate.
// solhint-disable function-max-lines
pragma solidity ^0.8.28;

/// @title SHA-384 (FIPS 180-4)
/// @notice Rounds are written out, with their constants in the code: docs/p384.md has the layout and what it costs.
library Sha384 {
    /// @dev Hash of the bytes, as its first 32 and last 16. Uses memory behind what is allocated, and allocates none.
    function hash(bytes memory message) internal pure returns (bytes32 high, bytes16 low) {
        assembly ("memory-safe") {
            ${compress()}
            // Behind the allocated memory: state, schedule, padded message.
            let state := mload(0x40)
            ${INITIAL_STATE.map((word, i) => `mstore(${at("state", 32 * i)}, ${hex(word)})`).join("\n")}
            let schedule := add(state, ${STATE_BYTES})
            let from := add(schedule, ${SCHEDULE_BYTES})
            let length := mload(message)
            let last := add(from, and(add(length, 16), not(127)))
            mcopy(from, add(message, 32), length)
            // Padding: a one, zeros, and the length in bits in the last 16 bytes of a block.
            calldatacopy(add(from, length), calldatasize(), sub(add(last, 128), add(from, length)))
            mstore8(add(from, length), 0x80)
            mstore(add(last, 96), or(mload(add(last, 96)), shl(3, length)))
            for {} iszero(gt(from, last)) { from := add(from, 128) } { compress(from, schedule, state) }
            high := or(or(shl(192, mload(state)), shl(128, mload(add(state, 32)))), or(shl(64, mload(add(state, 64))), mload(add(state, 96))))
            low := or(shl(192, mload(add(state, 128))), shl(128, mload(add(state, 160))))
        }
    }
}
`);
}

/** Two rounds run on eight variables whose roles rotate by name, so that nothing is moved. */
function compress(): string {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const rounds = ROUND_CONSTANTS.map((constant, t) =>
    round(t, constant, [...names.slice(8 - (t % 8)), ...names.slice(0, 8 - (t % 8))]),
  );
  const state = (i: number) => `mload(${at("state", 32 * i)})`;
  return `// Takes 128 bytes into the state.
function compress(from, schedule, state) {
  ${[0, 1, 2, 3].map(loadWords).join("\n")}
  ${Array.from({ length: 32 }, (_, i) => extend(16 + 2 * i)).join("\n")}
  ${names.map((name, i) => `let ${name} := ${state(i)}`).join("\n")}
  // a xor b of the last round and of this one: Maj(a, b, c) = b xor ((a xor b) and (b xor c)).
  let odd := xor(b, c)
  // Its place on the stack is free.
  from := 0
  ${rounds.join("\n")}
  ${names.map((name, i) => `mstore(${at("state", 32 * i)}, and(add(${state(i)}, ${name}), ${MASK}))`).join("\n")}
}`;
}

/** Four words of the message, two to a word of memory. */
function loadWords(index: number): string {
  return `{
let words := mload(${at("from", 32 * index)})
mstore(${at("schedule", 16 + 64 * index)}, or(shl(128, shr(192, words)), and(shr(128, words), ${MASK})))
mstore(${at("schedule", 48 + 64 * index)}, or(shl(128, and(shr(64, words), ${MASK})), and(words, ${MASK})))
}`;
}

/** Words t and t + 1 of the schedule at once, in the lanes of one word: σ1(t − 2) + (t − 7) + σ0(t − 15) + (t − 16). */
function extend(t: number): string {
  const pair = (index: number) => `mload(${at("schedule", 16 + 16 * index)})`;
  const sigma1 = `xor(xor(shr(19, xx), shr(61, xx)), shr(6, x))`;
  const sigma0 = `xor(xor(shr(1, yy), shr(8, yy)), shr(7, y))`;
  return `{
let x := ${pair(t - 2)} let xx := mul(x, ${TWICE}) let y := ${pair(t - 15)} let yy := mul(y, ${TWICE})
mstore(${at("schedule", 16 + 16 * t)}, and(add(add(and(${sigma1}, ${PAIR_MASK}), and(${sigma0}, ${PAIR_MASK})), add(${pair(t - 7)}, ${pair(t - 16)})), ${PAIR_MASK}))
}`;
}

/** One round; h becomes the next a, d the next e. Sums are cut to 64 bits only where they are stored. */
function round(t: number, constant: bigint, names: readonly string[]): string {
  const [a, b, , d, e, f, g, h] = names;
  const [now, last] = t % 2 === 0 ? ["from", "odd"] : ["odd", "from"];
  const sum1 = "xor(xor(shr(14, ee), shr(18, ee)), shr(41, ee))";
  const sum0 = "xor(xor(shr(28, aa), shr(34, aa)), shr(39, aa))";
  const word = `mload(${at("schedule", 16 * t)})`;
  return `{
let ee := mul(${e}, ${TWICE})
${h} := add(add(add(${h}, ${sum1}), xor(${g}, and(${e}, xor(${f}, ${g})))), add(${hex(constant)}, ${word}))
}
${d} := and(add(${d}, ${h}), ${MASK})
${now} := xor(${a}, ${b})
{
let aa := mul(${a}, ${TWICE})
${h} := and(add(${h}, add(${sum0}, xor(${b}, and(${now}, ${last})))), ${MASK})
}`;
}

function at(base: string, offset: number): string {
  return offset === 0 ? base : `add(${base}, ${offset})`;
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function primes(count: number): bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p !== 0n)) found.push(n);
  return found;
}

/** The first 64 bits behind the point of the root. */
function rootFraction(value: bigint, degree: 2 | 3): bigint {
  const target = value << BigInt(64 * degree);
  let root = 0n;
  for (let bit = 1n << 70n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** BigInt(degree) <= target) root += bit;
  }
  return root & ((1n << 64n) - 1n);
}
