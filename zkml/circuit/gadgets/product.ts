import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { term, type LinearCombination } from "../linear-combination.ts";

export interface ProductParameters {
  readonly left: LinearCombination;
  readonly right: LinearCombination;
  readonly productOf: (assignment: Assignment) => number;
}

/**
 * Enforces `result = left · right` and returns the result.
 *
 * Enforced: the one product there is in the field. It is that of the integers, because interval analysis keeps it within
 * ±2⁵³.
 *
 * Cost: one row.
 */
export function multiply(
  cs: ConstraintSystem,
  { left, right, productOf }: ProductParameters,
): LinearCombination {
  const result = cs.wire();
  cs.enforce(left, right, term(result), "product");
  cs.assign((witness, assignment) => {
    witness.set(result, productOf(assignment));
  });
  return term(result);
}
