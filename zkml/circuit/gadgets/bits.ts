import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { sum, term, type LinearCombination, type Wire } from "../linear-combination.ts";
import { enforceBoolean } from "./boolean.ts";

/** Consecutive wires, least significant first, each enforced to be 0 or 1. */
export interface Bits {
  readonly first: Wire;
  readonly count: number;
}

/** Largest width a gadget may ask for: `2^53` is the limit of exact doubles, far below the field's `2^253`. */
const MAX_BITS = 53;

/**
 * Enforces `0 ≤ value < 2^count` by writing the value as bits: `value = Σ 2^t · bit[t]`, every bit boolean.
 *
 * Enforced: the bits are the value's unique binary digits. The sum of `count` bits is below `2^53 < FIELD_ORDER`, so the
 * field equation is an equation of integers; there is no second decomposition that wraps around.
 *
 * Cost: `count` boolean rows and one linear row.
 *
 * NOTE: the caller proves (by interval analysis) that honest values fit; a value that does not has no witness.
 *
 * @param valueOf The value, from the exact run.
 */
export function decompose(
  cs: ConstraintSystem,
  value: LinearCombination,
  count: number,
  valueOf: (assignment: Assignment) => number,
): Bits {
  if (count < 1 || count > MAX_BITS) throw new RangeError(`cannot decompose into ${count} bits`);
  const bits = { first: cs.wires(count), count };
  for (let t = 0; t < count; t++) enforceBoolean(cs, term(bits.first + t));
  cs.enforceZero(
    sum([
      [value, 1],
      [weighBits(bits), -1],
    ]),
    "decomposition",
  );
  cs.assign((witness, assignment) => {
    let rest = valueOf(assignment);
    for (let t = 0; t < count; t++) {
      witness.set(bits.first + t, rest % 2);
      rest = Math.floor(rest / 2);
    }
  });
  return bits;
}

/** `Σ 2^(t - from) · bit[t]` for `from ≤ t < to`: the value of a slice of the bits. */
export function weighBits({ first, count }: Bits, from = 0, to = count): LinearCombination {
  const positions = Array.from({ length: to - from }, (_, i) => from + i);
  return {
    wires: positions.map((t) => first + t),
    coefficients: positions.map((t) => 2 ** (t - from)),
  };
}

/** Digits in the binary form of a non-negative integer; 0 for 0. */
export function bitLength(value: number): number {
  return value === 0 ? 0 : value.toString(2).length;
}
