import type { Interval } from "../../integer/intervals.ts";
import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { sum, type LinearCombination } from "../linear-combination.ts";
import { rectify } from "./rectifier.ts";

/** An integer that a circuit computes: what it is a combination of, its proven bounds, and its value in a run. */
export interface BoundedValue {
  readonly value: LinearCombination;
  readonly interval: Interval;
  readonly valueOf: (assignment: Assignment) => number;
}

/**
 * Gives `min(last, max(0, value))`.
 *
 * Two rectifiers: `max(0, value)`, then `last - max(0, last - that)`. Each is left out where the interval rules it out.
 *
 * Cost: that of the rectifiers.
 */
export function clamp(cs: ConstraintSystem, given: BoundedValue, last: number): BoundedValue {
  const raised = given.interval.low < 0 ? rectified(cs, given) : given;
  if (raised.interval.high <= last) return raised;
  const excess = rectified(cs, complement(cs, raised, last));
  return complement(cs, excess, last);
}

function rectified(cs: ConstraintSystem, { value, interval, valueOf }: BoundedValue): BoundedValue {
  return {
    value: rectify(cs, { sum: value, interval, shift: 0, sumOf: valueOf }),
    interval: { low: Math.max(0, interval.low), high: Math.max(0, interval.high) },
    valueOf: (assignment) => Math.max(0, valueOf(assignment)),
  };
}

/** `last - value`. */
function complement(
  cs: ConstraintSystem,
  { value, interval, valueOf }: BoundedValue,
  last: number,
): BoundedValue {
  return {
    value: sum([
      [cs.constant(last), 1],
      [value, -1],
    ]),
    interval: { low: last - interval.high, high: last - interval.low },
    valueOf: (assignment) => last - valueOf(assignment),
  };
}
