import type { ConstraintSystem } from "../constraint-system.ts";
import { sum, term, ZERO, type LinearCombination } from "../linear-combination.ts";
import { bitLength, decompose } from "./bits.ts";
import { plus, type BoundedValue } from "./bounded-value.ts";

/**
 * Gives 1 if the value is above 0, else 0.
 *
 * With `m` such that `-2^m ≤ value - 1 < 2^m` over the whole interval, `value - 1 + 2^m` is decomposed into `m + 1` bits. Its
 * top bit is 1 exactly if `value - 1 ≥ 0`.
 *
 * Enforced: the result, because the decomposition is unique.
 *
 * Cost: `m + 1` boolean rows and one linear row.
 *
 * NOTE: where the interval fixes the result, it is a constant that no row checks: soundness rests on `analyseIntervals` there.
 */
export function step(cs: ConstraintSystem, given: BoundedValue): LinearCombination {
  const { low, high } = given.interval;
  if (high <= 0) return ZERO;
  if (low > 0) return term(cs.one);
  const { value, interval, valueOf } = plus(cs, given, -1);
  const magnitude = Math.max(bitLength(interval.high), bitLength(-interval.low - 1));
  const offset = 2 ** magnitude;
  const shifted = sum([
    [value, 1],
    [cs.constant(offset), 1],
  ]);
  const bits = decompose(cs, shifted, magnitude + 1, (assignment) => valueOf(assignment) + offset);
  return term(bits.first + magnitude);
}
