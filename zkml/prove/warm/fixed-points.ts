import { corrupted } from "../../circuit/binary-reader.ts";
import { FIELD_BYTES } from "../../circuit/field.ts";
import { POINT_BYTES, type Group } from "../../setup/points.ts";
import { PREFIX, type Arithmetic } from "./arithmetic.ts";
import { digitAt } from "./digit.ts";
import { jacobianBytes, PointSum } from "./point-sum.ts";
import { chooseWindows, type Windows } from "./windows.ts";

/** Bits of the field's order. */
const SCALAR_BITS = 254;

const DIGIT_BYTES = 2;

/** Affine points in the arithmetic's memory. */
export interface PlacedPoints {
  readonly group: Group;
  readonly pointer: number;
  readonly count: number;
}

/**
 * Copies points into the arithmetic's memory.
 *
 * @throws ZkmlError `FILE_CORRUPTED` if one is not on the curve.
 */
export function placePoints(
  arithmetic: Arithmetic,
  group: Group,
  points: Uint8Array,
): PlacedPoints {
  const size = POINT_BYTES[group];
  const pointer = arithmetic.store(points);
  const count = points.length / size;
  const inCurve = arithmetic.function(`${PREFIX[group]}_inCurveAffine`);
  for (let index = 0; index < count; index++) {
    if (inCurve(pointer + index * size) === 0)
      throw corrupted("proving key", "has a point that is not on the curve");
  }
  return { group, pointer, count };
}

/**
 * Points of a proving key whose scalars are full-size. Multiples of every point that are computed once let all digits of a
 * scalar share their buckets.
 */
export class FixedPoints {
  readonly #arithmetic: Arithmetic;
  readonly #group: Group;
  readonly #size: number;
  readonly #count: number;
  #windows: Windows;
  /** `table[level][index]`: the point times `2^(width · rounds · level)`. */
  #table: number;

  constructor(arithmetic: Arithmetic, { group, pointer, count }: PlacedPoints) {
    this.#arithmetic = arithmetic;
    this.#group = group;
    this.#size = POINT_BYTES[group];
    this.#count = count;
    this.#windows = chooseWindows(count, SCALAR_BITS);
    this.#table = pointer;
  }

  /** Computes multiples of the points: some 200 µs of work for each in G1, and at most `maxBytes` of memory for all. */
  precompute(maxBytes: number): void {
    const levelBytes = this.#count * this.#size;
    const maxLevels = Math.max(1, Math.floor(maxBytes / levelBytes));
    const windows = chooseWindows(this.#count, SCALAR_BITS, maxLevels);
    if (windows.levels <= this.#windows.levels) return;
    const table = this.#arithmetic.allocate(windows.levels * levelBytes);
    this.#arithmetic.bytes(table, levelBytes).set(this.#arithmetic.bytes(this.#table, levelBytes));
    this.#fillLevels(table, windows);
    this.#table = table;
    this.#windows = windows;
  }

  #fillLevels(table: number, { width, levels, rounds }: Windows): void {
    const prefix = PREFIX[this.#group];
    const double = this.#arithmetic.function(`${prefix}_double`);
    const jacobian = jacobianBytes(this.#group);
    this.#arithmetic.temporarily(() => {
      // The conversion to affine coordinates takes as much again behind its operands.
      const size = this.#count * jacobian;
      const multiples = this.#arithmetic.allocate(size, size);
      this.#arithmetic.call(`${prefix}_batchToJacobian`, table, this.#count, multiples);
      for (let level = 1; level < levels; level++) {
        for (let index = 0; index < this.#count; index++) {
          const multiple = multiples + index * jacobian;
          for (let i = 0; i < width * rounds; i++) double(multiple, multiple);
        }
        const target = table + level * this.#count * this.#size;
        this.#arithmetic.call(`${prefix}_batchToAffine`, multiples, this.#count, target);
      }
    });
  }

  /**
   * The sum of all points, each times its scalar, in memory that the caller frees.
   *
   * @param scalars Pointer to 32 little-endian bytes for each point.
   */
  multiply(scalars: number): PointSum {
    const { width, rounds, levels } = this.#windows;
    const total = new PointSum(this.#arithmetic, this.#group);
    const part = new PointSum(this.#arithmetic, this.#group);
    const count = this.#count * levels;
    const digits = this.#arithmetic.allocate((count + 1) * DIGIT_BYTES);
    const terms = { points: this.#table, scalars: digits, scalarBytes: DIGIT_BYTES, count };
    for (let round = rounds - 1; round >= 0; round--) {
      this.#writeDigits(scalars, digits, round);
      total.double(width);
      part.setToDigits(terms, 0, width);
      total.add(part);
    }
    return total;
  }

  /** Writes the digits of one round: for each level, each scalar's digit number `level · rounds + round`. */
  #writeDigits(scalars: number, target: number, round: number): void {
    const { width, rounds, levels } = this.#windows;
    const bytes = this.#arithmetic.bytes(scalars, this.#count * FIELD_BYTES);
    const limbs = new Uint32Array(bytes.buffer, scalars, bytes.length / 4);
    const digits = new Uint16Array(bytes.buffer, target, this.#count * levels);
    for (let level = 0; level < levels; level++) {
      const start = (level * rounds + round) * width;
      for (let index = 0; index < this.#count; index++) {
        digits[level * this.#count + index] = digitAt(limbs, index, { start, width });
      }
    }
  }
}
