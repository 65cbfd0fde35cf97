import {
  P384_GENERATOR_MULTIPLES,
  P384_HINTS_LENGTH,
  P384_TABLE_LENGTH,
  P384_WINDOW_POINTS,
} from "../../../sdk/p384-format.ts";

/** Below it the library writes nothing: what the compiler and the caller keep there stays. */
export const WORKSPACE = 0x400;

const REGISTER_BYTES = 64;
const POINT_BYTES = 96;
const NUMBER_BYTES = 48;

/** A register is two words of memory: bits 256 to 383, then bits 0 to 255. */
function register(index: number): number {
  return WORKSPACE + index * REGISTER_BYTES;
}

/** The accumulator in Jacobian coordinates, the affine point that is added to it, the hinted slope, one; five for what is between. */
export const REGISTERS = {
  x: register(0),
  y: register(1),
  z: register(2),
  a: register(3),
  b: register(4),
  c: register(5),
  d: register(6),
  e: register(7),
  x2: register(8),
  y2: register(9),
  slope: register(10),
  one: register(11),
} as const;

/** Input of the MODEXP precompile: three lengths, a base of 96 bytes, the exponent 1, the order of the group; output at 0x100. */
export const MODEXP = register(12);
const MODEXP_BYTES = 0x140;

/** Bytes as they came: digest, r, s, x and y of the key, hints. */
const INPUT = MODEXP + MODEXP_BYTES;
const SLOPES = INPUT + 5 * NUMBER_BYTES + 1 + 2 * 24 + 2 * NUMBER_BYTES;

export const INPUTS = {
  digest: INPUT,
  r: INPUT + NUMBER_BYTES,
  s: INPUT + 2 * NUMBER_BYTES,
  keyX: INPUT + 3 * NUMBER_BYTES,
  keyY: INPUT + 4 * NUMBER_BYTES,
  hints: INPUT + 5 * NUMBER_BYTES,
  a: INPUT + 5 * NUMBER_BYTES + 1,
  b: INPUT + 5 * NUMBER_BYTES + 25,
  c: INPUT + 5 * NUMBER_BYTES + 49,
  nonceY: INPUT + 6 * NUMBER_BYTES + 49,
  nonceSlopes: SLOPES,
  keySlopes: SLOPES + P384_WINDOW_POINTS * NUMBER_BYTES,
} as const;

/** Odd multiples of R, of the key, of G and of 2¹⁹²G: 96 bytes a point, x then y. */
const NONCE_TABLE = roundUp(INPUTS.hints + P384_HINTS_LENGTH);
const KEY_TABLE = NONCE_TABLE + P384_WINDOW_POINTS * POINT_BYTES;
const GENERATOR_TABLE = KEY_TABLE + P384_WINDOW_POINTS * POINT_BYTES;

export const TABLES = {
  nonce: NONCE_TABLE,
  key: KEY_TABLE,
  generator: GENERATOR_TABLE,
  shiftedGenerator: GENERATOR_TABLE + P384_GENERATOR_MULTIPLES * POINT_BYTES,
} as const;

/** One word per bit of the short scalars, with the points that are added at that bit, 16 bits each. */
export const DIGITS = GENERATOR_TABLE + P384_TABLE_LENGTH;

/** 192 bits and a carry. */
export const DIGITS_BYTES = 193 * 32;

function roundUp(address: number): number {
  return Math.ceil(address / 32) * 32;
}
