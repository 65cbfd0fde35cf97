import { expect } from "chai";
import { at } from "../arrays.ts";
import type { Constraint } from "../circuit/constraint-system.ts";
import { addField, equalField, multiplyField, toField } from "../circuit/field.ts";
import type { LinearCombination, Wire } from "../circuit/linear-combination.ts";
import { WitnessVector } from "../circuit/witness-vector.ts";
import { search, type SearchResult } from "./solver.ts";

/** A gadget with one honest witness, and what a forger of it would be after. */
export interface Subject {
  readonly rows: readonly Constraint[];
  readonly honest: WitnessVector;
  /** Wires that the rest of a circuit fixes. */
  readonly given: readonly Wire[];
  /** Whether a witness that satisfies the rows says something wrong. */
  readonly isForged: (witness: WitnessVector) => boolean;
}

/** Wrong is any other value of these than the honest one. */
export function differsIn(
  honest: WitnessVector,
  results: readonly LinearCombination[],
): Subject["isForged"] {
  const expected = results.map((result) => honest.evaluate(result));
  return (witness) =>
    results.some((result, k) => !equalField(witness.evaluate(result), at(expected, k)));
}

function holds({ a, b, c }: Constraint, witness: WitnessVector): boolean {
  return equalField(multiplyField(witness.evaluate(a), witness.evaluate(b)), witness.evaluate(c));
}

/**
 * Expects that the rows leave no forger a witness, whatever the other wires: every solution there is was seen.
 */
export function expectUnforgeable(subjects: readonly Subject[]): void {
  for (const subject of subjects) {
    const broken = subject.rows.findIndex((row) => !holds(row, subject.honest));
    expect(broken, "an honest witness breaks a row").to.equal(-1);
    const { found, isExhaustive } = forge(subject, subject.rows);
    expect(found, "a forged witness satisfies all rows").to.equal(undefined);
    expect(isExhaustive, "a wire had to be guessed").to.equal(true);
  }
}

/**
 * Expects that without any one row a forged witness passes, for one of the subjects at least. These are one gadget with
 * several honest witnesses.
 *
 * @param isTested Leaves out rows that have a test elsewhere.
 */
export function expectEveryRowNeeded(
  subjects: readonly Subject[],
  isTested: (row: Constraint) => boolean = () => true,
): void {
  const { rows } = at(subjects, 0);
  const unneeded = rows.filter(
    (row, index) =>
      isTested(row) &&
      !subjects.some((subject) => isForgeable(subject, rows.toSpliced(index, 1), row)),
  );
  expect(unneeded.map(textOf), "rows without which nothing can be forged").to.deep.equal([]);
}

/**
 * Expects that no coefficient can be another: with any one of them 1 larger, an honest witness of one of the subjects
 * breaks the row, or a forged one passes.
 *
 * @param equivalent Bent rows, as text, that enforce the same. Each needs an argument.
 */
export function expectEveryCoefficientNeeded(
  subjects: readonly Subject[],
  equivalent: readonly string[] = [],
): void {
  const { rows } = at(subjects, 0);
  const unneeded = rows.flatMap((row, index) =>
    bendings(row).filter(
      (bent) =>
        subjects.every(({ honest }) => holds(bent, honest)) &&
        !subjects.some((subject) => isForgeable(subject, rows.with(index, bent), row)),
    ),
  );
  expect(unneeded.map(textOf), "rows that may as well be others").to.deep.equal(equivalent);
}

/** As in `boolean: (1*w3) · (1*w3 + -1*w1) = 0`. */
function textOf({ kind, a, b, c }: Constraint): string {
  const [left, right, result] = [a, b, c].map(({ wires, coefficients }) => {
    const terms = wires.map((wire, k) => `${at(coefficients, k)}*w${wire}`);
    return terms.length === 0 ? "0" : terms.join(" + ");
  });
  return `${kind}: (${left}) · (${right}) = ${result}`;
}

/** Whether a forged witness satisfies the rows, and breaks the one that was there before. */
function isForgeable(subject: Subject, rows: readonly Constraint[], before: Constraint): boolean {
  const suspects = before.c.wires.filter((wire) => !subject.given.includes(wire));
  for (const first of [[], suspects]) {
    const { found } = forge(subject, rows, first);
    if (found === undefined) continue;
    // The search is not trusted: the rows are checked as the compiler checks them.
    expect(
      rows.every((row) => holds(row, found)),
      "the forgery breaks a row",
    ).to.equal(true);
    expect(holds(before, found), "the forgery satisfies the row that is gone").to.equal(false);
    return true;
  }
  return false;
}

interface Forging extends Omit<SearchResult, "found"> {
  readonly found: WitnessVector | undefined;
}

function forge(
  { honest, given, isForged }: Subject,
  rows: readonly Constraint[],
  suspects: readonly Wire[] = [],
): Forging {
  const { found, isExhaustive } = search({
    rows,
    wireCount: honest.length,
    given: new Map(given.map((wire) => [wire, toField(honest.get(wire))])),
    guesses: (wire) => guessesFor(toField(honest.get(wire))),
    suspects,
    accept: (values) => isForged(witnessOf(values)),
  });
  return { found: found === undefined ? undefined : witnessOf(found), isExhaustive };
}

function witnessOf(values: readonly bigint[]): WitnessVector {
  const witness = new WitnessVector(values.length);
  values.forEach((value, wire) => {
    witness.set(wire, value);
  });
  return witness;
}

function guessesFor(honest: bigint): readonly bigint[] {
  return [...new Set([1n - honest, honest + 1n, honest - 1n, honest].map(toField))];
}

/** The row with one of its coefficients 1 larger, each in turn. */
function bendings(row: Constraint): Constraint[] {
  return (["a", "b", "c"] as const).flatMap((side) => {
    const { wires, coefficients } = row[side];
    // Where the product is to be 0, a factor of one term may have any coefficient but 0.
    if (side !== "c" && row.c.wires.length === 0 && wires.length === 1) return [];
    return coefficients.map((coefficient, k) => ({
      ...row,
      [side]: { wires, coefficients: coefficients.with(k, addField(coefficient, 1)) },
    }));
  });
}
