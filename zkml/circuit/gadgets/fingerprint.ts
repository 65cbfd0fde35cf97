import { at } from "../../arrays.ts";
import type { ConstraintSystem } from "../constraint-system.ts";
import { FIELD_ORDER, toField } from "../field.ts";
import { sum, term, type LinearCombination, type Wire } from "../linear-combination.ts";

/**
 * The value at `point` of the polynomial whose coefficients are `elements`: `Σ elements[i] · point^i`, by Horner's rule.
 *
 * Enforced: each step `next = step · point + element` as the row `step · point = next - element`.
 *
 * Cost: one row less than there are elements.
 *
 * NOTE: that the point was drawn after the elements were fixed is enforced on chain, where `point` is a hash over the
 * commitment to the elements.
 */
export function fingerprint(
  cs: ConstraintSystem,
  elements: readonly LinearCombination[],
  point: Wire,
): LinearCombination {
  let step = at(elements, elements.length - 1);
  for (let i = elements.length - 2; i >= 0; i--) {
    const before = step;
    const element = at(elements, i);
    const next = cs.wire();
    cs.enforce(
      before,
      term(point),
      sum([
        [term(next), 1],
        [element, -1],
      ]),
      "fingerprint",
    );
    cs.assign((witness) => {
      const product = toField(witness.evaluate(before)) * toField(witness.get(point));
      witness.set(next, (product + toField(witness.evaluate(element))) % FIELD_ORDER);
    });
    step = term(next);
  }
  return step;
}
