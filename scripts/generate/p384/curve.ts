import { CURVE_B, highOf, lowOf } from "./constants.ts";
import {
  add,
  block,
  difference,
  multiply,
  square,
  store,
  subtract,
  tripleSum,
  type Register,
} from "./field.ts";
import { REGISTERS } from "./layout.ts";

/** Assembly for points of P-384, y² = x³ − 3x + b, over the registers of the layout. */

const { x, y, z, a, b, c, d, e, x2, y2, slope, one } = REGISTERS;

function once(register: Register) {
  return { register, shift: 0 };
}

/** So many times 2^shift the register: a term to take off. */
function times(factor: 2 | 4 | 8, register: Register) {
  return { register, shift: Math.log2(factor) };
}

/** One step with a comment in front. */
function step(comment: string, code: string): string {
  return `// ${comment}\n${code}`;
}

/** Leaves zero in b exactly if (x, y) is on the curve. Uses a. */
export function curveEquation(): string {
  return [
    step("a = x² − 3", square(a, x, { minus: [once(one), times(2, one)] })),
    step("a = x³ − 3x", multiply(a, a, x)),
    store(b, highOf(CURVE_B), lowOf(CURVE_B)),
    step("a = x³ − 3x + b", add(a, a, b)),
    step("b = y² − a", square(b, y, { minus: [once(a)] })),
  ].join("\n");
}

/** (x2, y2) = 2·(x, y) with the hinted slope; leaves zero in b, before `ifWrong`, exactly if the slope is the tangent's. */
export function doubleAffine(ifWrong: string): string {
  return [
    step("a = x² − 1", square(a, x, { minus: [once(one)] })),
    step(
      "b = 2·slope·y − 3a",
      multiply(b, slope, y, { double: true, minus: [once(a), times(2, a)] }),
    ),
    ifWrong,
    step("x2 = slope² − 2x", square(x2, slope, { minus: [times(2, x)] })),
    step("y2 = slope·(x − x2) − y", subtract(b, x, x2)),
    multiply(y2, b, slope, { minus: [once(y)] }),
  ].join("\n");
}

/** (x, y) = (x, y) + (x2, y2) with the hinted slope; leaves zero in a, before `ifWrong`, exactly if the slope is the chord's. */
export function addAffine(ifWrong: string): string {
  return [
    step("a = slope·(x2 − x) − y2 + y", subtract(a, x2, x)),
    multiply(a, a, slope, { minus: [once(y2)] }),
    add(a, a, y),
    ifWrong,
    step("a = slope² − x − x2, the sum's x", square(a, slope, { minus: [once(x), once(x2)] })),
    step("y = slope·(x − a) − y", subtract(b, x, a)),
    multiply(y, b, slope, { minus: [once(y)] }),
    copy(x, a),
  ].join("\n");
}

/** (x : y : z) = 2·(x : y : z): dbl-2001-b of the Explicit-Formulas Database, for a = −3. */
export function doubleJacobian(): string {
  return [
    step("a = z²", square(a, z)),
    step("b = y²", square(b, y)),
    step("c = 3·(x − a)·(x + a)", subtract(c, x, a)),
    tripleSum(d, x, a),
    multiply(c, c, d),
    step("d = x·b", multiply(d, x, b)),
    step("z = 2·y·z", multiply(z, y, z, { double: true })),
    step("x = c² − 8d", square(x, c, { minus: [times(8, d)] })),
    step("y = c·(4d − x) − 8b²", difference(d, times(4, d), [once(x)])),
    square(b, b),
    multiply(y, c, d, { minus: [times(8, b)] }),
  ].join("\n");
}

/**
 * (x : y : z) = (x : y : z) + (x2, y2): madd of the Explicit-Formulas Database without doublings. `ifEqualX` comes when
 * b = x2·z² − x and c = y2·z³ − y are known; the sum is right where b is not zero.
 */
export function addJacobian(ifEqualX: string): string {
  return [
    step("a = z²", square(a, z)),
    step("b = x2·z² − x", multiply(b, x2, a, { minus: [once(x)] })),
    step("c = y2·z³ − y", multiply(c, y2, z)),
    multiply(c, c, a, { minus: [once(y)] }),
    ifEqualX,
    step("d = x·b², e = b³", square(d, b)),
    multiply(e, b, d),
    multiply(d, x, d),
    step("z = z·b", multiply(z, z, b)),
    step("x = c² − e − 2d", square(x, c, { minus: [once(e), times(2, d)] })),
    step("y = c·(d − x) − y·e", subtract(d, d, x)),
    multiply(e, y, e),
    multiply(y, c, d, { minus: [once(e)] }),
  ].join("\n");
}

export function copy(to: number, from: number): string {
  return block(store(to, `mload(${from})`, `mload(${from + 32})`));
}
