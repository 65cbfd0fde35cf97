import { at } from "../arrays.ts";
import type { ScalarFunction } from "../network/scalar-functions.ts";

/**
 * A function of one integer, linear on each of `2^segmentBits` segments of equal length:
 *
 *     table(u) = (slopes[s] · rest + intercepts[s]) >> outputShift,   s = u >> stepBits, rest = u mod 2^stepBits
 *
 * for `0 ≤ u < 2^(segmentBits + stepBits)`; arguments beyond are taken as the nearest of these.
 */
export interface PiecewiseTable {
  readonly segmentBits: number;
  readonly stepBits: number;
  readonly outputShift: number;
  readonly slopes: Int32Array;
  /** Already hold the half that makes the last shift a rounding. */
  readonly intercepts: Float64Array;
}

/** Bits of a table's argument. */
export function argumentBits({ segmentBits, stepBits }: PiecewiseTable): number {
  return segmentBits + stepBits;
}

/** Value at an argument that is not clamped yet. */
export function lookUp(table: PiecewiseTable, argument: number): number {
  const last = 2 ** argumentBits(table) - 1;
  const clamped = Math.min(last, Math.max(0, argument));
  return valueAt(table, Math.floor(clamped / 2 ** table.stepBits), clamped % 2 ** table.stepBits);
}

function valueAt(
  { outputShift, slopes, intercepts }: PiecewiseTable,
  segment: number,
  rest: number,
): number {
  return Math.floor((at(slopes, segment) * rest + at(intercepts, segment)) / 2 ** outputShift);
}

/** Least and greatest value: those of a segment are at its ends. */
export function tableBounds(table: PiecewiseTable): { low: number; high: number } {
  const ends = Array.from(table.slopes, (_, segment) => [
    valueAt(table, segment, 0),
    valueAt(table, segment, 2 ** table.stepBits - 1),
  ]).flat();
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

export interface TableOptions {
  /** Real argument of `u = 0`. */
  readonly low: number;
  /** Real length of a step of `u`. */
  readonly unit: number;
  readonly argumentBits: number;
  /** Bits that values keep, sign not counted. */
  readonly outputBits: number;
}

const LEAST_SEGMENT_BITS = 2;
const MOST_SEGMENT_BITS = 7;

/** Error that ends the search for enough segments, in units of the output. */
const WANTED_ERROR = 1.5;

export interface ScaledTable {
  readonly table: PiecewiseTable;
  /** Real value of one unit of the output. */
  readonly scale: number;
  /** Largest deviation from the function at an argument of the table, as a real number. */
  readonly error: number;
}

/** The table with the fewest segments that follows a function closely enough, or with the most there are. */
export function tabulate({ evaluate }: ScalarFunction, options: TableOptions): ScaledTable {
  const values = Array.from({ length: 2 ** options.argumentBits + 1 }, (_, u) =>
    evaluate(options.low + u * options.unit),
  );
  const peak = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const scale = (peak > 0 ? peak : 1) / 2 ** options.outputBits;
  const targets = values.map((value) => value / scale);
  for (let segmentBits = LEAST_SEGMENT_BITS; ; segmentBits++) {
    const table = withSegments(targets, segmentBits, options.argumentBits - segmentBits);
    const error = largestError(table, targets);
    if (error <= WANTED_ERROR || segmentBits === MOST_SEGMENT_BITS)
      return { table, scale, error: error * scale };
  }
}

/** `targets` has the value behind the last argument too. */
function withSegments(
  targets: readonly number[],
  segmentBits: number,
  stepBits: number,
): PiecewiseTable {
  const length = 2 ** stepBits;
  // A slope's rounding is off by a quarter of a unit at the most when a segment ends.
  const outputShift = stepBits + 1;
  const slopes = new Int32Array(2 ** segmentBits);
  const intercepts = new Float64Array(2 ** segmentBits);
  for (let segment = 0; segment < slopes.length; segment++) {
    const start = segment * length;
    const slope = (at(targets, start + length) - at(targets, start)) / length;
    const deviations = Array.from(
      { length: length + 1 },
      (_, rest) => at(targets, start + rest) - (at(targets, start) + slope * rest),
    );
    // Between the chord and the farthest point: half of the largest deviation to either side.
    const lift = (Math.min(...deviations) + Math.max(...deviations)) / 2;
    slopes[segment] = Math.round(slope * 2 ** outputShift);
    intercepts[segment] = Math.round((at(targets, start) + lift + 0.5) * 2 ** outputShift);
  }
  return { segmentBits, stepBits, outputShift, slopes, intercepts };
}

function largestError(table: PiecewiseTable, targets: readonly number[]): number {
  return targets
    .slice(0, -1)
    .reduce((max, target, u) => Math.max(max, Math.abs(lookUp(table, u) - target)), 0);
}
