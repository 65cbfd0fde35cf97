import type { Interval } from "../../integer/intervals.ts";
import { argumentBits, type PiecewiseTable } from "../../integer/piecewise-table.ts";
import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { sum, term, type LinearCombination } from "../linear-combination.ts";
import { bitLength, decompose, weighBits } from "./bits.ts";
import type { BoundedValue } from "./bounded-value.ts";
import { clamp } from "./clamp.ts";
import { floorShift } from "./floor-shift.ts";
import { multiply } from "./product.ts";
import { selector } from "./selector.ts";

export interface TableParameters {
  readonly table: PiecewiseTable;
  /** `row - low`, not clamped yet. */
  readonly argument: BoundedValue;
  /** Low bits of the argument that are dropped. */
  readonly shift: number;
}

/**
 * Enforces `result = table(argument >> shift)`, arguments beyond the table taken as its ends, and returns the result.
 *
 * The clamped argument is decomposed; from the bottom its bits are: `shift` that are dropped, `stepBits` that say how far
 * into a segment it reaches (`rest`), and those that say which segment. The segment selects slope and intercept, and
 *
 *     result = (slope · rest + intercept) >> outputShift
 *
 * Enforced: the decomposition is unique, so rest and segment cannot be chosen; selection, product and shift each have one
 * solution.
 *
 * Cost: the clamp; one row per bit of the argument and one for their sum; `2^n - n - 1` rows for `n` segment bits; one
 * product; one row per bit of the shifted number and one for their sum.
 */
export function lookUpTable(
  cs: ConstraintSystem,
  { table, argument, shift }: TableParameters,
): LinearCombination {
  const { stepBits, slopes, intercepts, outputShift } = table;
  const last = 2 ** (shift + argumentBits(table)) - 1;
  const clamped = clamp(cs, argument, last);
  const width = Math.max(1, bitLength(clamped.interval.high));
  const bits = decompose(cs, clamped.value, width, clamped.valueOf);
  const firstSegmentBit = Math.min(width, shift + stepBits);
  const rest = weighBits(bits, Math.min(width, shift), firstSegmentBit);
  const select = selector(
    cs,
    Array.from({ length: width - firstSegmentBit }, (_, i) =>
      term(bits.first + firstSegmentBit + i),
    ),
  );

  const parts = (assignment: Assignment) => {
    const position = Math.floor(clamped.valueOf(assignment) / 2 ** shift);
    const segment = Math.floor(position / 2 ** stepBits);
    return {
      product: (slopes[segment] ?? 0) * (position % 2 ** stepBits),
      intercept: intercepts[segment] ?? 0,
    };
  };
  const risen = multiply(cs, {
    left: select(slopes),
    right: rest,
    productOf: (assignment) => parts(assignment).product,
  });
  return floorShift(cs, {
    value: sum([
      [risen, 1],
      [select(intercepts), 1],
    ]),
    interval: unshiftedBounds(table),
    shift: outputShift,
    valueOf: (assignment) => {
      const { product, intercept } = parts(assignment);
      return product + intercept;
    },
  });
}

/** Bounds of `slope · rest + intercept`: a segment's are at its ends. */
function unshiftedBounds({ slopes, intercepts, stepBits }: PiecewiseTable): Interval {
  const ends = Array.from(slopes, (slope, segment) => {
    const start = intercepts[segment] ?? 0;
    return [start, start + slope * (2 ** stepBits - 1)];
  }).flat();
  return { low: Math.min(...ends), high: Math.max(...ends) };
}
