import { addField, equalField, multiplyField, type FieldValue } from "./field.ts";

/** Index of a wire in the witness. */
export type Wire = number;

/** `Σ coefficients[k] · wires[k]` over the field. */
export interface LinearCombination {
  readonly wires: readonly Wire[];
  readonly coefficients: readonly FieldValue[];
}

export const ZERO: LinearCombination = { wires: [], coefficients: [] };

export function term(wire: Wire, coefficient: FieldValue = 1): LinearCombination {
  return { wires: [wire], coefficients: [coefficient] };
}

/** One scaled part of a sum of linear combinations. */
export type ScaledPart = readonly [combination: LinearCombination, factor: FieldValue];

/** `Σ factor · combination`; wires may repeat until `normalise`. */
export function sum(parts: readonly ScaledPart[]): LinearCombination {
  const wires: Wire[] = [];
  const coefficients: FieldValue[] = [];
  for (const [combination, factor] of parts) {
    combination.wires.forEach((wire, k) => {
      wires.push(wire);
      coefficients.push(multiplyField(combination.coefficients[k] ?? 0, factor));
    });
  }
  return { wires, coefficients };
}

/**
 * Merges repeated wires and drops zero coefficients.
 *
 * Every constraint is normalised: snarkjs' Groth16 sums repeated wires, but its PLONK and fflonk readers overwrite them.
 */
export function normalise(combination: LinearCombination): LinearCombination {
  const merged = new Map<Wire, FieldValue>();
  combination.wires.forEach((wire, k) => {
    merged.set(wire, addField(merged.get(wire) ?? 0, combination.coefficients[k] ?? 0));
  });
  const kept = [...merged].filter(([, coefficient]) => !equalField(coefficient, 0));
  return {
    wires: kept.map(([wire]) => wire),
    coefficients: kept.map(([, coefficient]) => coefficient),
  };
}
