import type { ConstraintSystem } from "../constraint-system.ts";
import { sum, term, ZERO, type LinearCombination } from "../linear-combination.ts";

/**
 * Enforces that a value is 0 or 1: `v · (v - 1) = 0`, which has no other root in a field.
 *
 * Without it a "bit" could be any field element, and every range check built from bits would be void.
 */
export function enforceBoolean(cs: ConstraintSystem, value: LinearCombination): void {
  const lessOne = sum([
    [value, 1],
    [term(cs.one), -1],
  ]);
  cs.enforce(value, lessOne, ZERO, "boolean");
}
