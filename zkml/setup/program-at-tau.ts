import { at, listOf } from "../arrays.ts";
import { FIELD_BYTES, FIELD_ORDER } from "../circuit/field.ts";
import { viewOf } from "../circuit/binary-reader.ts";
import { forEachEntry, type Matrix, type R1cs } from "../circuit/r1cs-reader.ts";
import { lagrange } from "./evaluation-domain.ts";

/** For each wire, its polynomials of the quadratic arithmetic program at one point. */
export type WireValues = Readonly<Record<Matrix, readonly bigint[]>>;

/** Power of two of the domain that snarkjs gives a system: a row more for each public wire. */
export function domainPowerOf({ rowCount, publicCount }: R1cs): number {
  return Math.ceil(Math.log2(rowCount + publicCount + 1));
}

/** Evaluates the quadratic arithmetic program, as snarkjs builds it, at `tau`. */
export function evaluateProgram(r1cs: R1cs, tau: bigint): WireValues {
  const basis = lagrange(domainPowerOf(r1cs), tau);
  const zeros = (): bigint[] => listOf(r1cs.wireCount, () => 0n);
  const values: Record<Matrix, bigint[]> = { a: zeros(), b: zeros(), c: zeros() };
  const readCoefficient = coefficientReader(r1cs.rows);
  forEachEntry(r1cs, ({ matrix, row, wire, offset }) => {
    const list = values[matrix];
    list[wire] = at(list, wire) + readCoefficient(offset) * at(basis, row);
  });
  // A row more for each public wire: it keeps their polynomials independent.
  for (let wire = 0; wire <= r1cs.publicCount; wire++)
    values.a[wire] = at(values.a, wire) + at(basis, r1cs.rowCount + wire);
  const reduce = (list: readonly bigint[]): bigint[] => list.map((value) => value % FIELD_ORDER);
  return { a: reduce(values.a), b: reduce(values.b), c: reduce(values.c) };
}

/** Coefficients near zero, from below too, stay short numbers: products with them are quick. */
function coefficientReader(rows: Uint8Array): (offset: number) => bigint {
  const view = viewOf(rows);
  return (offset) => {
    const limb = (index: number): bigint => view.getBigUint64(offset + 8 * index, true);
    const high = limb(3);
    if (high === 0n && limb(2) === 0n && limb(1) === 0n) return limb(0);
    const value = (high << 192n) | (limb(2) << 128n) | (limb(1) << 64n) | limb(0);
    return value >> BigInt(8 * FIELD_BYTES - 64) === TOP_LIMB ? value - FIELD_ORDER : value;
  };
}

/** Highest limb of numbers just below the field's order. */
const TOP_LIMB = FIELD_ORDER >> 192n;
