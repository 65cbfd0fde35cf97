import { p384 } from "@noble/curves/nist.js";

const { p, n, b } = p384.Point.CURVE();

/** Order of the field: 2³⁸⁴ − 2¹²⁸ − 2⁹⁶ + 2³² − 1. */
export const FIELD_ORDER = p;
/** Order of the group of points, a prime: every point but zero generates it. */
export const GROUP_ORDER = n;
/** b of y² = x³ − 3x + b. */
export const CURVE_B = b;
/** 2³⁸⁴ mod p = 2¹²⁸ + 2⁹⁶ − 2³² + 1. */
export const FOLD = (1n << 384n) - p;
/** The part of `FOLD` below 2¹²⁸. */
export const FOLD_LOW = FOLD - (1n << 128n);

const WORD = 1n << 256n;

/** Bits 256 to 383 of a number, as a literal. */
export function highOf(value: bigint): string {
  return literal(value / WORD);
}

/** Bits 0 to 255 of a number, as a literal. */
export function lowOf(value: bigint): string {
  return literal(value % WORD);
}

/** A number as assembly writes it. */
export function literal(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}
