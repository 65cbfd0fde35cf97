import { FIELD_BYTES } from "../../circuit/field.ts";
import { POINT_BYTES } from "../../setup/points.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { jacobianBytes, PointSum } from "./point-sum.ts";
import { chooseWindows, type Windows } from "./windows.ts";

const SIZE = POINT_BYTES.G1;
const JACOBIAN = jacobianBytes("G1");

/** Bits of the field's order. */
const SCALAR_BITS = 254;

const DIGIT_BYTES = 2;

const LIMBS = FIELD_BYTES / 4;

/** Bytes behind a batch's conversion to affine coordinates that the library takes per point. */
const CONVERSION_SCRATCH = 2 * FIELD_BYTES;

/**
 * Points of a proving key that belong to rows. Their scalars, the quotient's values, are full-size, so this is most of a
 * proof's work. Multiples of every point that are computed once let all digits of a scalar share their buckets.
 */
export class RowPoints {
  readonly #arithmetic: Arithmetic;
  readonly #count: number;
  #windows: Windows;
  /** `table[level][row]`: the row's point times `2^(width · rounds · level)`. */
  #table: number;

  constructor(arithmetic: Arithmetic, points: Uint8Array) {
    this.#arithmetic = arithmetic;
    this.#count = points.length / SIZE;
    this.#windows = chooseWindows(this.#count, SCALAR_BITS);
    this.#table = arithmetic.store(points);
  }

  /** Whether all points are on the curve. */
  areOnCurve(): boolean {
    const inCurve = this.#arithmetic.function("g1m_inCurveAffine");
    for (let row = 0; row < this.#count; row++) {
      if (inCurve(this.#table + row * SIZE) === 0) return false;
    }
    return true;
  }

  /** Computes multiples of the points: some 200 µs of work for each, and at most `maxBytes` of memory for all. */
  precompute(maxBytes: number): void {
    const levelBytes = this.#count * SIZE;
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
    const double = this.#arithmetic.function("g1m_double");
    this.#arithmetic.temporarily(() => {
      const scratch = this.#count * CONVERSION_SCRATCH;
      const multiples = this.#arithmetic.allocate(this.#count * JACOBIAN, scratch);
      this.#arithmetic.call("g1m_batchToJacobian", table, this.#count, multiples);
      for (let level = 1; level < levels; level++) {
        for (let row = 0; row < this.#count; row++) {
          const multiple = multiples + row * JACOBIAN;
          for (let i = 0; i < width * rounds; i++) double(multiple, multiple);
        }
        const target = table + level * this.#count * SIZE;
        this.#arithmetic.call("g1m_batchToAffine", multiples, this.#count, target);
      }
    });
  }

  /**
   * The sum of all points, each times its scalar, in Jacobian coordinates.
   *
   * @param scalars Pointer to 32 little-endian bytes for each row.
   */
  multiply(scalars: number): Uint8Array<ArrayBuffer> {
    const { width, rounds, levels } = this.#windows;
    return this.#arithmetic.temporarily(() => {
      const total = new PointSum(this.#arithmetic, "G1");
      const part = new PointSum(this.#arithmetic, "G1");
      const count = this.#count * levels;
      const digits = this.#arithmetic.allocate((count + 1) * DIGIT_BYTES);
      const terms = { points: this.#table, scalars: digits, scalarBytes: DIGIT_BYTES, count };
      for (let round = rounds - 1; round >= 0; round--) {
        this.#writeDigits(scalars, digits, round);
        total.double(width);
        part.setToDigits(terms, 0, width);
        total.add(part);
      }
      return total.read();
    });
  }

  /** Writes the digits of one round: for each level, each row's digit number `level · rounds + round`. */
  #writeDigits(scalars: number, target: number, round: number): void {
    const { width, rounds, levels } = this.#windows;
    const bytes = this.#arithmetic.bytes(scalars, this.#count * FIELD_BYTES);
    const limbs = new Uint32Array(bytes.buffer, scalars, bytes.length / 4);
    const digits = new Uint16Array(bytes.buffer, target, this.#count * levels);
    for (let level = 0; level < levels; level++) {
      const start = (level * rounds + round) * width;
      for (let row = 0; row < this.#count; row++) {
        digits[level * this.#count + row] = digitAt(limbs, row, { start, width });
      }
    }
  }
}

/** Bits `start` to `start + width` of a scalar of eight limbs; bits beyond the last limb are zero. */
function digitAt(
  limbs: Uint32Array,
  index: number,
  { start, width }: { readonly start: number; readonly width: number },
): number {
  const limb = start >>> 5;
  const shift = start & 31;
  const lower = limb < LIMBS ? (limbs[index * LIMBS + limb] ?? 0) >>> shift : 0;
  const isSplit = shift + width > 32 && limb + 1 < LIMBS;
  const upper = isSplit ? (limbs[index * LIMBS + limb + 1] ?? 0) << (32 - shift) : 0;
  return (lower | upper) & (2 ** width - 1);
}
