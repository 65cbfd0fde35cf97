import type { ConstraintSystem } from "../constraint-system.ts";
import { sum } from "../linear-combination.ts";
import type { BoundedValue } from "./bounded-value.ts";
import { rectify } from "./rectifier.ts";

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

function rectified(cs: ConstraintSystem, given: BoundedValue): BoundedValue {
  const { interval, valueOf } = given;
  return {
    value: rectify(cs, { ...given, shift: 0 }),
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
