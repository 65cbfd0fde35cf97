import { FIELD_BYTES } from "../circuit/field.ts";
import { PREFIX, type Arithmetic } from "../prove/warm/arithmetic.ts";
import { digitAt } from "../prove/warm/digit.ts";
import { jacobianBytes } from "../prove/warm/point-sum.ts";
import { POINT_BYTES, type Group } from "./points.ts";

/** Bits of the field's order. */
const SCALAR_BITS = 254;

/** Largest window: a table of 64 MiB in G1. */
const MAX_WIDTH = 16;

/** Cost of an entry of the table, in additions of a table's point: it is made by one, and brought into affine form. */
const ENTRY_COST = 1.5;

/** Scalars per batch: bounds the memory of intermediate points. */
const BATCH = 4096;

/**
 * All small multiples of a group's generator in every window of a scalar: with them a product takes one addition per
 * window, and no doubling.
 */
export class GeneratorTable {
  readonly #arithmetic: Arithmetic;
  readonly #prefix: string;
  readonly #affine: number;
  readonly #jacobian: number;
  readonly #width: number;
  readonly #windows: number;
  readonly #zero: (sum: number) => number;
  readonly #addMixed: (sum: number, point: number, result: number) => number;
  /** `table[window][digit] = digit · 2^(width · window) · generator`, affine. */
  readonly #table: number;

  /**
   * @param generator In Jacobian coordinates.
   * @param expected Products that the table will be used for: it is as large as pays off for them.
   */
  constructor(arithmetic: Arithmetic, group: Group, generator: Uint8Array, expected: number) {
    this.#arithmetic = arithmetic;
    this.#prefix = PREFIX[group];
    this.#affine = POINT_BYTES[group];
    this.#jacobian = jacobianBytes(group);
    this.#zero = this.#function("zero");
    this.#addMixed = this.#function("addMixed");
    this.#width = chooseWidth(expected);
    this.#windows = Math.ceil(SCALAR_BITS / this.#width);
    this.#table = this.#build(generator);
  }

  #build(generator: Uint8Array): number {
    const digits = 2 ** this.#width;
    const table = this.#arithmetic.allocate(this.#windows * digits * this.#affine);
    return this.#arithmetic.temporarily(() => {
      const base = this.#arithmetic.store(generator);
      const affineBase = this.#arithmetic.allocate(this.#affine);
      // The conversion to affine coordinates takes as much again behind its operands.
      const multiples = this.#arithmetic.allocate(digits * this.#jacobian, digits * this.#jacobian);
      for (let window = 0; window < this.#windows; window++) {
        this.#function("toAffine")(base, affineBase);
        this.#zero(multiples);
        for (let digit = 1; digit < digits; digit++) {
          const multiple = multiples + digit * this.#jacobian;
          this.#addMixed(multiple - this.#jacobian, affineBase, multiple);
        }
        this.#addMixed(multiples + (digits - 1) * this.#jacobian, affineBase, base);
        const target = table + window * digits * this.#affine;
        this.#function("batchToAffine")(multiples, digits, target);
      }
      return table;
    });
  }

  /**
   * Writes the generator times each scalar to `points`, affine.
   *
   * @param scalars 32 little-endian bytes each.
   */
  multiply(scalars: Uint8Array, points: Uint8Array): void {
    const count = scalars.length / FIELD_BYTES;
    this.#arithmetic.temporarily(() => {
      const size = Math.min(BATCH, count) * this.#jacobian;
      const sums = this.#arithmetic.allocate(size, size);
      for (let start = 0; start < count; start += BATCH) {
        const end = Math.min(start + BATCH, count);
        const limbs = limbsOf(scalars.slice(start * FIELD_BYTES, end * FIELD_BYTES));
        for (let i = 0; i < end - start; i++) {
          this.#multiplyOne(limbs, i, sums + i * this.#jacobian);
        }
        this.#function("batchToAffine")(sums, end - start, sums);
        const affine = this.#arithmetic.bytes(sums, (end - start) * this.#affine);
        points.set(affine, start * this.#affine);
      }
    });
  }

  #multiplyOne(limbs: Uint32Array, index: number, sum: number): void {
    this.#zero(sum);
    for (let window = 0; window < this.#windows; window++) {
      const digit = digitAt(limbs, index, { start: window * this.#width, width: this.#width });
      if (digit === 0) continue;
      this.#addMixed(sum, this.#table + (window * 2 ** this.#width + digit) * this.#affine, sum);
    }
  }

  #function(name: string): (...operands: number[]) => number {
    return this.#arithmetic.function(`${this.#prefix}_${name}`);
  }
}

function chooseWidth(products: number): number {
  const cost = (width: number): number =>
    Math.ceil(SCALAR_BITS / width) * (products + ENTRY_COST * 2 ** width);
  let best = 1;
  for (let width = 2; width <= MAX_WIDTH; width++) if (cost(width) < cost(best)) best = width;
  return best;
}

function limbsOf(scalars: Uint8Array): Uint32Array {
  return new Uint32Array(scalars.buffer, scalars.byteOffset, scalars.length / 4);
}
