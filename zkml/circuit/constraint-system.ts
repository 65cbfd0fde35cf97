import { at } from "../arrays.ts";
import type { IntegerTrace } from "../integer/run.ts";
import { equalField, multiplyField } from "./field.ts";
import type { Seal } from "./gadgets/sealed-input.ts";
import { normalise, term, ZERO, type LinearCombination, type Wire } from "./linear-combination.ts";
import type { WitnessVector } from "./witness-vector.ts";

/** What a constraint is there for; counts per kind are pinned in snapshots. */
export type ConstraintKind =
  | "statement"
  | "input byte"
  | "boolean"
  | "thermometer"
  | "decomposition"
  | "rectifier"
  | "product"
  | "selector"
  | "hash"
  | "fingerprint"
  | "padding";

/** One row: `a · b = c`. */
export interface Constraint {
  readonly a: LinearCombination;
  readonly b: LinearCombination;
  readonly c: LinearCombination;
  readonly kind: ConstraintKind;
}

/** One inference, for the wires that carry it. */
export interface InferenceRun {
  readonly trace: IntegerTrace;
  /** Of a private input. */
  readonly seal?: Seal;
}

/** What a witness is computed from: the exact runs, and the challenge the chain derives. */
export interface Assignment {
  readonly runs: readonly InferenceRun[];
  /** `r` of the statement; known once the commitment is. */
  readonly challenge: bigint;
}

/** Fills some wires from the run and from wires filled before. */
export type AssignmentStep = (witness: WitnessVector, assignment: Assignment) => void;

/** Wire 0 of every R1CS is the constant 1. */
const PUBLIC_ONE: Wire = 0;

/**
 * A rank-1 constraint system under construction, and with it the program that computes its witness.
 *
 * Layout: wire 0 is the constant 1, wires 1 … p are the public inputs, then private wires. The first p + 1 rows copy
 * each of these to a private wire, and no other row may name them; `finish` pads the rows to a full power-of-two domain.
 * Both together make the `IC` part of the verification key depend on nothing but the Powers of Tau file and the domain
 * size, so that all models of one size share it and a model's key is `delta` alone (see `docs/zkml.md`).
 */
export class ConstraintSystem {
  readonly publicCount: number;
  /** Private copy of the constant 1: what gadgets use for constants. */
  readonly one: Wire;
  /** Private copies of the public inputs. */
  readonly publicInputs: readonly Wire[];

  readonly #constraints: Constraint[] = [];
  readonly #steps: AssignmentStep[] = [];
  #wireCount: number;

  constructor(publicCount: number) {
    this.publicCount = publicCount;
    this.#wireCount = publicCount + 1;
    this.one = this.wire();
    this.publicInputs = Array.from({ length: publicCount }, () => this.wire());
    [this.one, ...this.publicInputs].forEach((copy, original) => {
      this.enforceZero({ wires: [original, copy], coefficients: [1, -1] }, "statement");
    });
    this.assign((witness) => {
      witness.set(PUBLIC_ONE, 1);
      witness.set(this.one, 1);
    });
  }

  get wireCount(): number {
    return this.#wireCount;
  }

  get constraints(): readonly Constraint[] {
    return this.#constraints;
  }

  /** Allocates a private wire. */
  wire(): Wire {
    return this.#wireCount++;
  }

  /** Allocates `count` private wires in a row and returns the first. */
  wires(count: number): Wire {
    const first = this.#wireCount;
    this.#wireCount += count;
    return first;
  }

  constant(value: number | bigint): LinearCombination {
    return value === 0 ? ZERO : term(this.one, value);
  }

  /** Adds the row `a · b = c`. */
  enforce(
    a: LinearCombination,
    b: LinearCombination,
    c: LinearCombination,
    kind: ConstraintKind,
  ): void {
    this.#constraints.push({ a: normalise(a), b: normalise(b), c: normalise(c), kind });
  }

  /**
   * Adds the linear row `0 · 0 = combination`. Its coefficients sit only in matrix C, which costs neither proving time
   * nor key size: this is where a layer's weights belong.
   */
  enforceZero(combination: LinearCombination, kind: ConstraintKind): void {
    this.enforce(ZERO, ZERO, combination, kind);
  }

  /** Adds a step of the witness program; steps run in the order they were added. */
  assign(step: AssignmentStep): void {
    this.#steps.push(step);
  }

  /** Sets the public wires to their private copies' values and runs every step. */
  fill(witness: WitnessVector, assignment: Assignment): void {
    for (const step of this.#steps) step(witness, assignment);
    this.publicInputs.forEach((copy, i) => {
      witness.set(i + 1, witness.get(copy));
    });
  }

  /**
   * Pads with empty rows so that rows and public inputs (with the constant) fill a power of two exactly.
   *
   * snarkjs appends one row per public input behind the last constraint; padding pins those rows to the end of the
   * domain.
   */
  finish(): void {
    const used = this.#constraints.length + this.publicCount + 1;
    const padding = 2 ** Math.ceil(Math.log2(used)) - used;
    for (let i = 0; i < padding; i++) this.enforceZero(ZERO, "padding");
  }

  /** Whether the witness satisfies one row. Exact and slow: for tests and self-checks. */
  isSatisfied(row: number, witness: WitnessVector): boolean {
    const { a, b, c } = at(this.#constraints, row);
    const product = multiplyField(witness.evaluate(a), witness.evaluate(b));
    return equalField(product, witness.evaluate(c));
  }

  /** Index of the first row the witness breaks, or -1. */
  firstUnsatisfied(witness: WitnessVector): number {
    return this.#constraints.findIndex((_, row) => !this.isSatisfied(row, witness));
  }
}
