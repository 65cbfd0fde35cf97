import { buildBn128, type Curve } from "ffjavascript";
import { FIELD_BYTES, writeField } from "../circuit/field.ts";
import { POINT_BYTES, type Group } from "./points.ts";

const PREFIX: Readonly<Record<Group, string>> = { G1: "g1m", G2: "g2m" };

/** Windows of 8 bits: a scalar's digits are the bytes of its little-endian form. */
const WINDOWS = FIELD_BYTES;
const DIGITS = 256;

/** Scalars per batch: bounds the memory of intermediate points. */
const BATCH = 4096;

const WASM_PAGE = 65_536;

/**
 * Multiplies a group's generator by many known scalars, from a table of all its small multiples in every window: about
 * 25 µs per point of G1 on one core, where a general multiplication takes 180.
 *
 * Runs on a curve instance of its own, whose memory is given back with it.
 */
export async function multiplyGenerator(
  group: Group,
  scalars: readonly bigint[],
): Promise<Uint8Array> {
  const curve = await buildBn128(true);
  const wasm = new PointArithmetic(curve, group);
  const table = wasm.generatorTable();
  return wasm.multiply(table, scalars);
}

/** The group's functions on raw pointers; the curve library has no bulk operation with one base. */
class PointArithmetic {
  readonly #curve: Curve;
  readonly #prefix: string;
  readonly #affine: number;
  readonly #jacobian: number;
  readonly #generator: Uint8Array;

  constructor(curve: Curve, group: Group) {
    this.#curve = curve;
    this.#prefix = PREFIX[group];
    this.#affine = POINT_BYTES[group];
    this.#jacobian = (POINT_BYTES[group] / 2) * 3;
    this.#generator = curve[group].g;
  }

  /** `table[window][digit] = digit · 256^window · generator`, affine; returns its pointer. */
  generatorTable(): number {
    const points = WINDOWS * DIGITS;
    const table = this.#allocate(points * this.#affine);
    const scratch = this.#allocate(points * this.#jacobian);
    const base = this.#allocate(this.#jacobian);
    const at = (window: number, digit: number): number =>
      scratch + (window * DIGITS + digit) * this.#jacobian;

    this.#curve.tm.setBuff(base, this.#generator);
    for (let window = 0; window < WINDOWS; window++) {
      this.#call("zero", at(window, 0));
      for (let digit = 1; digit < DIGITS; digit++) {
        this.#call("add", at(window, digit - 1), base, at(window, digit));
      }
      this.#call("add", at(window, DIGITS - 1), base, base);
    }
    this.#call("batchToAffine", scratch, points, table);
    return table;
  }

  multiply(table: number, scalars: readonly bigint[]): Uint8Array {
    const sums = this.#allocate(BATCH * this.#jacobian);
    const results = this.#allocate(BATCH * this.#affine);
    const points = new Uint8Array(scalars.length * this.#affine);
    for (let start = 0; start < scalars.length; start += BATCH) {
      const batch = scalars.slice(start, start + BATCH);
      batch.forEach((scalar, i) => {
        this.#multiplyOne(table, scalar, sums + i * this.#jacobian);
      });
      this.#call("batchToAffine", sums, batch.length, results);
      const affine = new Uint8Array(
        this.#curve.tm.memory.buffer,
        results,
        batch.length * this.#affine,
      );
      points.set(affine, start * this.#affine);
    }
    return points;
  }

  #multiplyOne(table: number, scalar: bigint, sum: number): void {
    const digits = new Uint8Array(FIELD_BYTES);
    writeField(new DataView(digits.buffer), 0, scalar);
    this.#call("zero", sum);
    digits.forEach((digit, window) => {
      if (digit !== 0)
        this.#call("addMixed", sum, table + (window * DIGITS + digit) * this.#affine, sum);
    });
  }

  #call(name: string, ...pointers: number[]): void {
    const wasmFunction = this.#curve.tm.instance.exports[`${this.#prefix}_${name}`];
    if (wasmFunction === undefined)
      throw new Error(`the curve library has no ${this.#prefix}_${name}`);
    wasmFunction(...pointers);
  }

  /**
   * Grows the module's memory first: the library allocates within what it started with. Twice the size leaves room for
   * the scratch space that its bulk functions take behind the last allocation.
   */
  #allocate(bytes: number): number {
    const { tm } = this.#curve;
    tm.memory.grow(Math.ceil((2 * bytes) / WASM_PAGE));
    tm.u8 = new Uint8Array(tm.memory.buffer);
    tm.u32 = new Uint32Array(tm.memory.buffer);
    return tm.alloc(bytes);
  }
}
