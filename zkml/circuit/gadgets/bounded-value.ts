import type { Interval } from "../../integer/intervals.ts";
import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { sum, type LinearCombination } from "../linear-combination.ts";

/** An integer that a circuit computes. */
export interface BoundedValue {
  readonly value: LinearCombination;
  /** Proven bounds of the value. */
  readonly interval: Interval;
  /** The value in a run. */
  readonly valueOf: (assignment: Assignment) => number;
}

/** The value with a constant added. Costs nothing. */
export function plus(
  cs: ConstraintSystem,
  { value, interval, valueOf }: BoundedValue,
  constant: number,
): BoundedValue {
  return {
    value: sum([
      [value, 1],
      [cs.constant(constant), 1],
    ]),
    interval: { low: interval.low + constant, high: interval.high + constant },
    valueOf: (assignment) => valueOf(assignment) + constant,
  };
}
