import { at } from "../../arrays.ts";
import type { ConstraintSystem } from "../constraint-system.ts";
import { multiplyField, toField } from "../field.ts";
import { sum, term, type LinearCombination, type ScaledPart } from "../linear-combination.ts";

/** Reads entries of constant tables, all at the same index. */
export type Selector = (table: ArrayLike<number>) => LinearCombination;

/**
 * Makes an index of bits able to read constant tables.
 *
 * All products of distinct index bits are computed once: `2^n` monomials of `n` bits. Every function of `n` bits is one
 * linear combination of them (its algebraic normal form over the integers: the coefficient of a monomial is
 * `Σ ± table[s]` over the subsets `s` of its bits), so a table costs nothing beyond them, and many may share them.
 *
 * Enforced: each monomial is the product of its bits. With bits that are 0 or 1, which is the caller's duty, exactly one
 * entry is read.
 *
 * Cost: `2^n - n - 1` rows for any number of tables.
 */
export function selector(cs: ConstraintSystem, bits: readonly LinearCombination[]): Selector {
  const monomials: LinearCombination[] = [term(cs.one)];
  for (const bit of bits) {
    const extended = monomials.map((monomial, i) => (i === 0 ? bit : product(cs, monomial, bit)));
    monomials.push(...extended);
  }
  return (table) => {
    const coefficients = normalForm(table, monomials.length);
    return sum(monomials.map((monomial, i): ScaledPart => [monomial, at(coefficients, i)]));
  };
}

function product(
  cs: ConstraintSystem,
  left: LinearCombination,
  right: LinearCombination,
): LinearCombination {
  const result = cs.wire();
  cs.enforce(left, right, term(result), "selector");
  cs.assign((witness) => {
    witness.set(
      result,
      multiplyField(toSmall(witness.evaluate(left)), toSmall(witness.evaluate(right))),
    );
  });
  return term(result);
}

function toSmall(value: number | bigint): number {
  return Number(toField(value));
}

/** The Möbius transform of the table's first `size` entries. */
function normalForm(table: ArrayLike<number>, size: number): number[] {
  const values = Array.from({ length: size }, (_, i) => table[i] ?? 0);
  for (let bit = 1; bit < size; bit *= 2) {
    for (let i = 0; i < size; i++) {
      if ((i & bit) !== 0) values[i] = at(values, i) - at(values, i - bit);
    }
  }
  return values;
}
