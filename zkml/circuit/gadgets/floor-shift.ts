import type { ConstraintSystem } from "../constraint-system.ts";
import { sum, type LinearCombination } from "../linear-combination.ts";
import { bitLength, decompose, weighBits } from "./bits.ts";
import type { BoundedValue } from "./bounded-value.ts";

export interface FloorShiftParameters extends BoundedValue {
  /** Low bits dropped. */
  readonly shift: number;
}

/**
 * Gives `floor(value / 2^shift)` of a signed value.
 *
 * With `k · 2^shift` the least multiple that makes `value + k · 2^shift` non-negative over the whole interval, that number is
 * decomposed into bits; its bits from `shift` on, less `k`, are the result, because adding a multiple of `2^shift` adds
 * just `k` to the quotient.
 *
 * Enforced: the dropped bits are the value's true low bits, so the quotient is the floor and no other number.
 *
 * Cost: one boolean row per bit of the interval's width and one linear row; nothing if `shift` is 0
 * or the interval has one quotient.
 *
 * NOTE: where rows are emitted the bits bound the value, so a wrong `interval` only leaves honest provers without a witness.
 * Where the whole interval has one quotient, that is the result and no row checks it: soundness rests on the interval
 * (`analyseIntervals`) there.
 */
export function floorShift(
  cs: ConstraintSystem,
  { value, interval, shift, valueOf }: FloorShiftParameters,
): LinearCombination {
  if (shift === 0) return value;
  const lift = Math.max(0, Math.ceil(-interval.low / 2 ** shift));
  const offset = lift * 2 ** shift;
  const width = bitLength(interval.high + offset);
  if (width <= shift) return cs.constant(-lift);
  const lifted = sum([
    [value, 1],
    [cs.constant(offset), 1],
  ]);
  const bits = decompose(cs, lifted, width, (assignment) => valueOf(assignment) + offset);
  return sum([
    [weighBits(bits, shift), 1],
    [cs.constant(-lift), 1],
  ]);
}
