import { FIELD_ORDER, FOLD, FOLD_LOW, highOf, literal, lowOf } from "./constants.ts";

/**
 * Assembly for the field of P-384. An element is any number below 2³⁸⁴ in a register (two words of memory, high word first);
 * it need not be below p, so zero has two forms, 0 and p. Every operation takes such numbers and leaves one.
 */

/** Where a register is: a fixed address, or a variable of the assembly that has it. */
export type Register = number | string;

/** `2^shift` times a register. */
export interface Term {
  readonly register: Register;
  readonly shift: number;
}

export interface ProductOptions {
  /** Twice the product. */
  readonly double?: boolean;
  /** What is taken off it before it is reduced. */
  readonly minus?: readonly Term[];
}

function high(register: Register): string {
  return `mload(${typeof register === "number" ? literal(register) : register})`;
}

export function low(register: Register): string {
  return `mload(${lowAddress(register)})`;
}

function lowAddress(register: Register): string {
  return typeof register === "number" ? literal(register + 32) : `add(${register}, 0x20)`;
}

/** Writes a register. */
export function store(register: Register, highWord: string, lowWord: string): string {
  const address = typeof register === "number" ? literal(register) : register;
  return `mstore(${address}, ${highWord}) mstore(${lowAddress(register)}, ${lowWord})`;
}

/** Lines between braces: their variables end with them. */
export function block(...lines: string[]): string {
  return `{\n${lines.join("\n")}\n}`;
}

/**
 * left · right. With 2²⁵⁶ = W, left = ah·W + al and right = bh·W + bl, the product is t2·W² + t1·W + t0. The high word of al·bl
 * is found from the product modulo W − 1, where W is 1: (t1 + t0) mod (W − 1) less t0, and less one where that borrows.
 * The sum of the mixed products has at most 385 bits and is treated alike.
 */
export function multiply(
  to: Register,
  left: Register,
  right: Register,
  options: ProductOptions = {},
): string {
  return block(
    `let al := ${low(left)} let bl := ${low(right)} let ah := ${high(left)} let bh := ${high(right)}`,
    "let t0 := mul(al, bl)",
    `let folded := mulmod(al, bl, ${ONES})`,
    "let mixed := add(mul(ah, bl), mul(al, bh))",
    `let mixedFolded := addmod(mulmod(ah, bl, ${ONES}), mulmod(al, bh, ${ONES}), ${ONES})`,
    ...sumOfWords("mul(ah, bh)"),
    reduce(to, options),
  );
}

/** value², with one mixed product instead of two. */
export function square(to: Register, value: Register, options: ProductOptions = {}): string {
  return block(
    `let al := ${low(value)} let ah := ${high(value)}`,
    "let t0 := mul(al, al)",
    `let folded := mulmod(al, al, ${ONES})`,
    "let twice := shl(1, ah)",
    "let mixed := mul(twice, al)",
    `let mixedFolded := mulmod(twice, al, ${ONES})`,
    ...sumOfWords("mul(ah, ah)"),
    reduce(to, options),
  );
}

/** t1 and t2 from the partial products. t2 cannot overflow: the whole product is below 2⁷⁶⁸. */
function sumOfWords(top: string): string[] {
  return [
    "let t1 := add(sub(sub(folded, t0), lt(folded, t0)), mixed)",
    `let t2 := add(add(${top}, sub(sub(mixedFolded, mixed), lt(mixedFolded, mixed))), lt(t1, mixed))`,
  ];
}

/**
 * Reduces t2·W² + t1·W + t0 (or twice that) below 2²²⁷·W, takes off the terms, folds. With 2³⁸⁴ = 2¹²⁸ + f, f = `FOLD_LOW`, and
 * t2 = d5·2¹²⁸ + d4, and s = d5 + (t1 >> 128):
 *
 *     T = W·(d4 + d5·f + (t1 mod 2¹²⁸)) + 2¹²⁸·(s + d4·f) + s·f + t0   (mod p)
 */
function reduce(to: Register, { double = false, minus = [] }: ProductOptions): string {
  const f = literal(double ? 2n * FOLD_LOW : FOLD_LOW);
  const twice = (value: string) => (double ? `shl(1, ${value})` : value);
  const carries = ["shr(128, middle)", "lt(sum, z)", "lt(lo, y)"];
  if (double) carries.push("shr(255, t0)");
  const tops = `add(${twice(`add(and(t1, ${MASK}), d4)`)}, mul(d5, ${f}))`;
  const { lines, ...words } = takeOff("lo", "hi", minus);
  return [
    `let d4 := and(t2, ${MASK})`,
    "let d5 := shr(128, t2)",
    "let s := add(d5, shr(128, t1))",
    `let middle := add(${twice("s")}, mul(d4, ${f}))`,
    `let z := mul(s, ${f})`,
    `let sum := add(z, ${twice("t0")})`,
    "let y := shl(128, middle)",
    "let lo := add(sum, y)",
    `let hi := ${[tops, ...carries].reduce((total, carry) => `add(${total}, ${carry})`)}`,
    ...lines,
    fold(to, words.lo, words.hi),
  ].join("\n");
}

/** 2^j·p is added first, with 2^j at least twice the sum of the factors, so that nothing falls below zero. */
function takeOff(lo: string, hi: string, terms: readonly Term[]) {
  if (terms.length === 0) return { lines: [], lo, hi };
  const factors = terms.reduce((sum, { shift }) => sum + 2 ** shift, 0);
  const j = BigInt(Math.ceil(Math.log2(factors)) + 1);
  const lines = [`let lo0 := sub(${lo}, ${literal(FOLD << j)})`];
  const borrows = [`gt(lo0, ${lo})`];
  let top = `add(${hi}, ${literal(1n << (128n + j))})`;
  for (const [index, term] of terms.entries()) {
    const [before, after] = [`lo${index}`, `lo${index + 1}`];
    lines.push(`let ${after} := sub(${before}, ${shiftedLow(term)})`);
    borrows.push(`gt(${after}, ${before})`);
    top = `sub(${top}, ${shiftedHigh(term)})`;
  }
  const borrowed = borrows.reduce((sum, borrow) => `add(${sum}, ${borrow})`);
  lines.push(`let hi1 := sub(${top}, ${borrowed})`);
  return { lines, lo: `lo${terms.length}`, hi: "hi1" };
}

function shiftedLow({ register, shift }: Term): string {
  return shift === 0 ? low(register) : `shl(${shift}, ${low(register)})`;
}

function shiftedHigh({ register, shift }: Term): string {
  if (shift === 0) return high(register);
  return `or(shl(${shift}, ${high(register)}), shr(${256 - shift}, ${low(register)}))`;
}

/**
 * hi·W + lo, hi below 2²²⁷, to a number below 2³⁸⁴: what is above 2³⁸⁴ comes back times `FOLD`, which is below 2²³⁰. If that
 * carries over 2³⁸⁴ once more, what is left is below 2²³⁰, so the second fold carries no further.
 */
function fold(to: Register, lo: string, hi: string): string {
  return block(
    `let back := mul(shr(128, ${hi}), ${literal(FOLD)})`,
    `let l := add(${lo}, back)`,
    `let h := and(${hi}, ${MASK})`,
    "if lt(l, back) {",
    "h := add(h, 1)",
    `if shr(128, h) { h := 0 l := add(l, ${literal(FOLD)}) }`,
    "}",
    store(to, "h", "l"),
  );
}

/** left + right. */
export function add(to: Register, left: Register, right: Register): string {
  return block(
    `let addend := ${low(right)}`,
    `let lo := add(${low(left)}, addend)`,
    `let hi := add(add(${high(left)}, ${high(right)}), lt(lo, addend))`,
    fold(to, "lo", "hi"),
  );
}

/** 3·(left + right). */
export function tripleSum(to: Register, left: Register, right: Register): string {
  return block(
    `let addend := ${low(right)}`,
    `let once := add(${low(left)}, addend)`,
    `let hi := mul(add(add(${high(left)}, ${high(right)}), lt(once, addend)), 3)`,
    "let twice := add(once, once)",
    "let lo := add(twice, once)",
    "hi := add(add(hi, lt(twice, once)), lt(lo, once))",
    fold(to, "lo", "hi"),
  );
}

/** term − the other terms. */
export function difference(to: Register, term: Term, minus: readonly Term[]): string {
  const { lines, lo, hi } = takeOff("lo", "hi", minus);
  return block(
    `let lo := ${shiftedLow(term)}`,
    `let hi := ${shiftedHigh(term)}`,
    ...lines,
    fold(to, lo, hi),
  );
}

/** left − right: cheaper than `difference`, for p is added only where the result falls below zero (at most twice). */
export function subtract(to: Register, left: Register, right: Register): string {
  return block(
    `let minuend := ${low(left)}`,
    `let lo := sub(minuend, ${low(right)})`,
    `let hi := sub(sub(${high(left)}, ${high(right)}), gt(lo, minuend))`,
    addOrderIfNegative("lo", "hi", addOrderIfNegative("lo", "hi")),
    store(to, "hi", "lo"),
  );
}

/** Adds p to hi·W + lo if it is negative, and does `then` after that. */
export function addOrderIfNegative(lo: string, hi: string, then = ""): string {
  return [
    `if shr(255, ${hi}) {`,
    `${lo} := add(${lo}, ${lowOf(FIELD_ORDER)})`,
    `${hi} := add(add(${hi}, ${highOf(FIELD_ORDER)}), lt(${lo}, ${lowOf(FIELD_ORDER)}))`,
    `${then}}`,
  ].join("\n");
}

/** 2¹²⁸ − 1 */
const MASK = literal((1n << 128n) - 1n);

/** 2²⁵⁶ − 1, as a literal: `not(0)` takes twice the gas. */
const ONES = literal((1n << 256n) - 1n);
