import type { ConstraintSystem } from "../constraint-system.ts";
import { sum, term, ZERO, type LinearCombination } from "../linear-combination.ts";
import { bitLength, decompose, weighBits } from "./bits.ts";
import type { BoundedValue } from "./bounded-value.ts";

/** `value` is the affine row to rectify. */
export interface RectifierParameters extends BoundedValue {
  /** Low bits dropped after rectification. */
  readonly shift: number;
}

/**
 * Enforces `result = max(0, sum) >> shift` and returns the result.
 *
 * With `m` such that `-2^m ≤ low` and `high < 2^m`, the number `sum + 2^m` is decomposed into `m + 1` bits. Its top bit
 * is 1 exactly if `sum ≥ 0`, and its lower bits are then `sum` itself, so
 *
 *     result = top · Σ_{shift ≤ t < m} 2^(t - shift) · bit[t]
 *
 * Enforced: the sign (the decomposition is unique, so the top bit cannot be chosen), the rounding (dropped bits are the
 * true low bits) and the value. Where the interval fixes the sign, the check is left out: a row that can only be
 * negative gives the constant 0, one that cannot be negative needs no top bit.
 *
 * Cost: `m + 1` boolean rows, one linear row holding the weights, one product.
 *
 * NOTE: that `interval` is right is the compiler's duty (`analyseIntervals`). Where rows are emitted a wrong one only leaves
 * honest provers without a witness, because the bit width alone bounds the sum. Where the interval alone decides, the result
 * is the constant 0 and no row checks it: soundness rests on the interval there.
 */
export function rectify(cs: ConstraintSystem, parameters: RectifierParameters): LinearCombination {
  const { interval, shift } = parameters;
  if (interval.high <= 0 || bitLength(interval.high) <= shift) return ZERO;
  return interval.low >= 0 ? dropLowBits(cs, parameters) : rectifySigned(cs, parameters);
}

function rectifySigned(
  cs: ConstraintSystem,
  { value: row, interval, shift, valueOf }: RectifierParameters,
): LinearCombination {
  const magnitude = Math.max(bitLength(interval.high), bitLength(-interval.low - 1));
  const offset = 2 ** magnitude;
  const shifted = sum([
    [row, 1],
    [cs.constant(offset), 1],
  ]);
  const bits = decompose(cs, shifted, magnitude + 1, (assignment) => valueOf(assignment) + offset);

  const result = cs.wire();
  const sign = term(bits.first + magnitude);
  cs.enforce(sign, weighBits(bits, shift, magnitude), term(result), "rectifier");
  cs.assign((witness, assignment) => {
    witness.set(result, Math.floor(Math.max(0, valueOf(assignment)) / 2 ** shift));
  });
  return term(result);
}

function dropLowBits(
  cs: ConstraintSystem,
  { value: row, interval, shift, valueOf }: RectifierParameters,
): LinearCombination {
  const bits = decompose(cs, row, bitLength(interval.high), valueOf);
  const result = cs.wire();
  cs.enforceZero(
    sum([
      [weighBits(bits, shift), 1],
      [term(result), -1],
    ]),
    "rectifier",
  );
  cs.assign((witness, assignment) => {
    witness.set(result, Math.floor(valueOf(assignment) / 2 ** shift));
  });
  return term(result);
}
