import {
  P384_HINTS_LENGTH,
  P384_TABLE_LENGTH,
  P384_WINDOW_POINTS,
} from "../../../sdk/p384-format.ts";
import { p384Table } from "../../../sdk/p384-table.ts";
import { keccak256 } from "ethers";
import { FIELD_ORDER, GROUP_ORDER, highOf, literal, lowOf } from "./constants.ts";
import {
  addAffine,
  addJacobian,
  copy,
  curveEquation,
  doubleAffine,
  doubleJacobian,
} from "./curve.ts";
import { addOrderIfNegative, low, store } from "./field.ts";
import { DIGITS, DIGITS_BYTES, INPUTS, MODEXP, REGISTERS, TABLES, WORKSPACE } from "./layout.ts";

const { x, y, z, b, c, x2, y2, slope, one } = REGISTERS;

/** Width of the windows of a and b, and of the low and the high half of c. */
const POINT_WINDOW = 5;
const GENERATOR_WINDOW = 9;
const SHIFTED_GENERATOR_WINDOW = 8;

/** Bits of a and b, and of the halves of c. */
const SCALAR_MASK = literal((1n << 192n) - 1n);

/** In a digit's 16 bits: the point is subtracted. */
const NEGATIVE = "0x8000";
const POINTER_MASK = "0x7fff";

/** 48 bytes at an address, as high and low word. */
function highAt(address: number | string): string {
  return typeof address === "number"
    ? `shr(128, mload(${literal(address)}))`
    : `shr(128, mload(${address}))`;
}

function lowAt(address: number | string): string {
  return typeof address === "number"
    ? `mload(${literal(address + 16)})`
    : `mload(add(${address}, 16))`;
}

function load(register: number, address: number | string): string {
  return store(register, highAt(address), lowAt(address));
}

/** The text of `contracts/verifiers/nitro/P384.sol`. */
export function p384Library(): string {
  return `// SPDX-License-Identifier: MIT
// Written by scripts/generate/p384: change that, and run npm run generate.
// solhint-disable function-max-lines
pragma solidity ^0.8.28;

/// @title ECDSA over P-384 with hints
/// @notice The algorithm, its soundness and the layout of hints and memory: docs/p384.md.
library P384 {
    /// @dev Bytes of a digest, a signature (r ‖ s), a key (x ‖ y), hints and the table, all numbers big-endian.
    uint256 internal constant DIGEST_BYTES = 48;
    uint256 internal constant SIGNATURE_BYTES = 96;
    uint256 internal constant KEY_BYTES = 96;
    uint256 internal constant HINTS_BYTES = ${P384_HINTS_LENGTH};
    uint256 internal constant TABLE_BYTES = ${P384_TABLE_LENGTH};

    /// @dev keccak256 of the table: G, 3G, … 255G, then 1, 3, … 127 times 2¹⁹²G, x ‖ y each.
    bytes32 internal constant TABLE_HASH = ${keccak256(p384Table())};

    /// @dev Whether the signature is the key's for the digest, and the hints show it. False for anything malformed.
    /// Writes memory from ${literal(WORKSPACE)} on; false if something is allocated there already.
    /// @param table Account whose code is a STOP and the table; the caller vouches for it.
    function verify(
        bytes calldata digest,
        bytes calldata signature,
        bytes calldata key,
        bytes calldata hints,
        address table
    ) internal view returns (bool isValid) {
        if (digest.length != DIGEST_BYTES || signature.length != SIGNATURE_BYTES) return false;
        if (key.length != KEY_BYTES || hints.length != HINTS_BYTES) return false;
        assembly ("memory-safe") {
            ${functions()}
            if iszero(gt(mload(0x40), ${literal(WORKSPACE)})) {
                calldatacopy(${literal(INPUTS.digest)}, digest.offset, 48)
                calldatacopy(${literal(INPUTS.r)}, signature.offset, 96)
                calldatacopy(${literal(INPUTS.keyX)}, key.offset, 96)
                calldatacopy(${literal(INPUTS.hints)}, hints.offset, ${P384_HINTS_LENGTH})
                isValid := check(table)
            }
        }
    }
}
`;
}

function functions(): string {
  return [
    comparisons(),
    multiplyModOrder(),
    scalarsAreRight(),
    isOnCurve(),
    fillTable(),
    addDigits(),
    loadEntry(),
    sumIsZero(),
    check(),
  ].join("\n");
}

function comparisons(): string {
  return `// Whether a field element is zero: it is below 2³⁸⁴, so 0 or p.
function isZero(element) -> yes {
  let h := mload(element) let l := mload(add(element, 0x20))
  yes := or(iszero(or(h, l)), and(eq(h, ${highOf(FIELD_ORDER)}), eq(l, ${lowOf(FIELD_ORDER)})))
}
function isBelowFieldOrder(h, l) -> yes {
  yes := or(lt(h, ${highOf(FIELD_ORDER)}), and(eq(h, ${highOf(FIELD_ORDER)}), lt(l, ${lowOf(FIELD_ORDER)})))
}
// Whether a number of 48 bytes is a scalar: 0 < scalar < n.
function isScalar(h, l) -> yes {
  yes := or(lt(h, ${highOf(GROUP_ORDER)}), and(eq(h, ${highOf(GROUP_ORDER)}), lt(l, ${lowOf(GROUP_ORDER)})))
  yes := and(yes, iszero(iszero(or(h, l))))
}
// Whether left + right is 0 or n, for numbers below n.
function cancel(leftHigh, leftLow, rightHigh, rightLow) -> yes {
  let l := add(leftLow, rightLow)
  let h := add(add(leftHigh, rightHigh), lt(l, leftLow))
  yes := or(iszero(or(h, l)), and(eq(h, ${highOf(GROUP_ORDER)}), eq(l, ${lowOf(GROUP_ORDER)})))
}`;
}

/** The product in three words as for field elements, then reduced by the precompile with exponent 1. */
function multiplyModOrder(): string {
  const at = (offset: number) => literal(MODEXP + offset);
  return `// left · right mod n; the precompile has its lengths and modulus from check().
function multiplyModOrder(ah, al, bh, bl) -> h, l {
  let t0 := mul(al, bl)
  let t1 := mulmod(al, bl, not(0))
  t1 := sub(sub(t1, t0), lt(t1, t0))
  let mixed := add(mul(ah, bl), mul(al, bh))
  let mixedFolded := addmod(mulmod(ah, bl, not(0)), mulmod(al, bh, not(0)), not(0))
  t1 := add(t1, mixed)
  mstore(${at(96)}, add(add(mul(ah, bh), sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed)))
  mstore(${at(128)}, t1)
  mstore(${at(160)}, t0)
  // It fails only for want of gas, and then so does the call.
  if iszero(staticcall(gas(), 5, ${at(0)}, 241, ${at(256)}, 48)) { revert(0, 0) }
  h := ${highAt(MODEXP + 256)}
  l := ${lowAt(MODEXP + 256)}
}`;
}

function scalarsAreRight(): string {
  const numberAt = (address: number) => `${highAt(address)}, ${lowAt(address)}`;
  const shortAt = (address: number) => `0, shr(64, mload(${literal(address)}))`;
  return `// a ≠ 0, a·r = ±b·s and c·s + a·h = 0 (mod n): a·R ∓ b·Q + c·G is a/s times s·R − r·Q − h·G.
function scalarsAreRight() -> yes {
  if iszero(shr(64, mload(${literal(INPUTS.a)}))) { leave }
  let h1, l1 := multiplyModOrder(${numberAt(INPUTS.r)}, ${shortAt(INPUTS.a)})
  let h2, l2 := multiplyModOrder(${numberAt(INPUTS.s)}, ${shortAt(INPUTS.b)})
  switch isKeySubtracted()
  case 1 { if or(xor(h1, h2), xor(l1, l2)) { leave } }
  default { if iszero(cancel(h1, l1, h2, l2)) { leave } }
  h1, l1 := multiplyModOrder(${numberAt(INPUTS.s)}, ${numberAt(INPUTS.c)})
  h2, l2 := multiplyModOrder(${numberAt(INPUTS.digest)}, ${shortAt(INPUTS.a)})
  yes := cancel(h1, l1, h2, l2)
}
// The first byte of the hints: bit 0, b is subtracted; bit 1, the x of R is r + n.
function isKeySubtracted() -> yes { yes := and(byte(0, mload(${literal(INPUTS.hints)})), 1) }
// The x of R: r, or r + n if that is what the hints say.
function nonceX() -> h, l {
  h := ${highAt(INPUTS.r)}
  l := ${lowAt(INPUTS.r)}
  if and(byte(0, mload(${literal(INPUTS.hints)})), 2) {
    l := add(l, ${lowOf(GROUP_ORDER)})
    h := add(add(h, ${highOf(GROUP_ORDER)}), lt(l, ${lowOf(GROUP_ORDER)}))
  }
}`;
}

function isOnCurve(): string {
  return `// Whether (x, y) is on the curve.
function isOnCurve() -> yes {
  ${curveEquation()}
  yes := isZero(${literal(b)})
}`;
}

/** Slopes are checked, never trusted: a doubling or an addition has one slope (docs/p384.md, step 4). */
function fillTable(): string {
  const wrong = (register: number) => `if iszero(isZero(${literal(register)})) { leave }`;
  const storePoint = [
    `mstore(base, shl(128, mload(${literal(x)})))`,
    `mstore(add(base, 16), mload(${literal(x + 32)}))`,
    `mstore(add(base, 48), shl(128, mload(${literal(y)})))`,
    `mstore(add(base, 64), mload(${literal(y + 32)}))`,
  ].join("\n");
  return `// Stores P, 3P, … 15P for P = (x, y), with the slopes at \`slopes\`: of 2P, then of each addition of 2P.
function fillTable(base, slopes) -> yes {
  ${storePoint}
  ${load(slope, "slopes")}
  ${doubleAffine(wrong(b))}
  for { let rest := ${P384_WINDOW_POINTS - 1} } rest { rest := sub(rest, 1) } {
    slopes := add(slopes, 48)
    base := add(base, 96)
    ${load(slope, "slopes")}
    ${addAffine(wrong(REGISTERS.a))}
    ${storePoint}
  }
  yes := 1
}`;
}

function addDigits(): string {
  return `// Writes the non-adjacent form of a scalar below 2¹⁹² into the digits: at each bit the pointer to the odd multiple, and the sign.
function addDigits(scalar, width, base, sign) -> count, top {
  let full := shl(width, 1)
  let mask := sub(full, 1)
  let position := ${literal(DIGITS)}
  for {} scalar {} {
    if iszero(and(scalar, 0xff)) { scalar := shr(8, scalar) position := add(position, 256) continue }
    for {} iszero(and(scalar, 1)) {} { scalar := shr(1, scalar) position := add(position, 32) }
    let digit := and(scalar, mask)
    let entrySign := sign
    scalar := shr(width, scalar)
    // From half of the window on: the digit less the window's size, and one carried.
    if shr(sub(width, 1), digit) {
      digit := sub(full, digit)
      scalar := add(scalar, 1)
      entrySign := xor(sign, ${NEGATIVE})
    }
    let entry := or(add(base, mul(shr(1, digit), 96)), entrySign)
    mstore(position, or(shl(16, mload(position)), entry))
    count := add(count, 1)
    top := position
    position := add(position, shl(5, width))
  }
}
// Digits of all four scalars: how many there are, and where the highest is.
function writeDigits() -> count, top {
  calldatacopy(${literal(DIGITS)}, calldatasize(), ${DIGITS_BYTES})
  count, top := addDigits(shr(64, mload(${literal(INPUTS.a)})), ${POINT_WINDOW}, ${literal(TABLES.nonce)}, 0)
  let more, position := addDigits(shr(64, mload(${literal(INPUTS.b)})), ${POINT_WINDOW}, ${literal(TABLES.key)}, shl(15, isKeySubtracted()))
  count := add(count, more)
  if gt(position, top) { top := position }
  more, position := addDigits(and(${lowAt(INPUTS.c)}, ${SCALAR_MASK}), ${GENERATOR_WINDOW}, ${literal(TABLES.generator)}, 0)
  count := add(count, more)
  if gt(position, top) { top := position }
  more, position := addDigits(shr(64, mload(${literal(INPUTS.c)})), ${SHIFTED_GENERATOR_WINDOW}, ${literal(TABLES.shiftedGenerator)}, 0)
  count := add(count, more)
  if gt(position, top) { top := position }
}`;
}

function loadEntry(): string {
  return `// Loads a digit's point into (x2, y2), with p − y if it is subtracted.
function loadEntry(entry) {
  let point := and(entry, ${POINTER_MASK})
  ${store(x2, "shr(128, mload(point))", "mload(add(point, 16))")}
  let hi := shr(128, mload(add(point, 48)))
  let lo := mload(add(point, 64))
  if and(entry, ${NEGATIVE}) {
    hi := sub(sub(${highOf(FIELD_ORDER)}, hi), gt(lo, ${lowOf(FIELD_ORDER)}))
    lo := sub(${lowOf(FIELD_ORDER)}, lo)
    // y was between p and 2³⁸⁴.
    ${addOrderIfNegative("lo", "hi")}
  }
  ${store(y2, "hi", "lo")}
}`;
}

function sumIsZero(): string {
  const lowWord = low(b);
  // Almost never; the low word alone tells at a third of the price.
  const ifEqualX = `if or(iszero(${lowWord}), eq(${lowWord}, ${lowOf(FIELD_ORDER)})) {
    if isZero(${literal(b)}) { yes := and(iszero(count), iszero(isZero(${literal(c)}))) leave }
  }`;
  return `// Whether all digits together make the point at infinity. Any sum that the formulas do not cover ends it: with the
// last digit it is either what we look for (the point is the accumulator's opposite) or a doubling, and false.
function sumIsZero() -> yes {
  let count, position := writeDigits()
  {
    let entries := mload(position)
    loadEntry(and(entries, 0xffff))
    mstore(position, shr(16, entries))
    count := sub(count, 1)
    ${copy(x, x2)}
    ${copy(y, y2)}
    ${copy(z, one)}
  }
  for {} 1 {} {
    for { let entries := mload(position) } entries { entries := shr(16, entries) } {
      loadEntry(and(entries, 0xffff))
      count := sub(count, 1)
      ${addJacobian(ifEqualX)}
    }
    if eq(position, ${literal(DIGITS)}) { leave }
    position := sub(position, 32)
    ${doubleJacobian()}
  }
}`;
}

function check(): string {
  const at = (offset: number) => literal(MODEXP + offset);
  return `function check(points) -> yes {
  mstore(${at(0)}, 96) mstore(${at(32)}, 1) mstore(${at(64)}, 48)
  mstore8(${at(192)}, 1) mstore(${at(193)}, shl(128, ${highOf(GROUP_ORDER)})) mstore(${at(209)}, ${lowOf(GROUP_ORDER)})
  ${store(one, "0", "1")}
  if shr(2, byte(0, mload(${literal(INPUTS.hints)}))) { leave }
  if iszero(isScalar(${highAt(INPUTS.r)}, ${lowAt(INPUTS.r)})) { leave }
  if iszero(isScalar(${highAt(INPUTS.s)}, ${lowAt(INPUTS.s)})) { leave }
  if iszero(isBelowFieldOrder(${highAt(INPUTS.keyX)}, ${lowAt(INPUTS.keyX)})) { leave }
  if iszero(isBelowFieldOrder(${highAt(INPUTS.keyY)}, ${lowAt(INPUTS.keyY)})) { leave }
  if iszero(isBelowFieldOrder(${highAt(INPUTS.nonceY)}, ${lowAt(INPUTS.nonceY)})) { leave }
  if iszero(scalarsAreRight()) { leave }
  {
    let h, l := nonceX()
    if iszero(isBelowFieldOrder(h, l)) { leave }
    ${store(x, "h", "l")}
    ${load(y, INPUTS.nonceY)}
  }
  if iszero(isOnCurve()) { leave }
  if iszero(fillTable(${literal(TABLES.nonce)}, ${literal(INPUTS.nonceSlopes)})) { leave }
  ${load(x, INPUTS.keyX)}
  ${load(y, INPUTS.keyY)}
  if iszero(isOnCurve()) { leave }
  if iszero(fillTable(${literal(TABLES.key)}, ${literal(INPUTS.keySlopes)})) { leave }
  extcodecopy(points, ${literal(TABLES.generator)}, 1, ${P384_TABLE_LENGTH})
  yes := sumIsZero()
}`;
}
