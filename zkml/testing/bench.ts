import { expect } from "chai";
import { ConstraintSystem, type Assignment } from "../circuit/constraint-system.ts";
import { toField, type FieldValue } from "../circuit/field.ts";
import { term, type LinearCombination, type Wire } from "../circuit/linear-combination.ts";
import { WitnessVector } from "../circuit/witness-vector.ts";
import { singleWireForgeries } from "./forgery.ts";
import { differsIn, type Subject } from "./necessity.ts";

/** The gadgets under test take their values from closures, so the run they are given is empty. */
const ASSIGNMENT: Assignment = {
  runs: [],
  challenge: 0n,
};

/** The constant 1 of every system. */
const PUBLIC_ONE: Wire = 0;

/** A gadget in a system of its own. */
export class Bench {
  readonly cs = new ConstraintSystem(0);
  readonly #fixed: Wire[] = [];
  /** Rows that pin them. */
  readonly #pins: number[] = [];

  /** A wire pinned to a value, as if the rest of a circuit had computed it. */
  fixed(value: FieldValue): LinearCombination {
    const wire = this.cs.wire();
    const { cs } = this;
    this.#pins.push(cs.constraints.length);
    cs.enforceZero(
      { wires: [wire, cs.one], coefficients: [1, toField(-BigInt(value))] },
      "statement",
    );
    cs.assign((witness) => {
      witness.set(wire, value);
    });
    this.#fixed.push(wire);
    return term(wire);
  }

  /** A wire that has a value in honest witnesses, and is pinned by nothing. */
  free(value: FieldValue): LinearCombination {
    const wire = this.cs.wire();
    this.cs.assign((witness) => {
      witness.set(wire, value);
    });
    return term(wire);
  }

  witness(): WitnessVector {
    const witness = new WitnessVector(this.cs.wireCount);
    this.cs.fill(witness, ASSIGNMENT);
    return witness;
  }

  /** Rows of the gadget alone: without the copies of the constant and the pinned wires. */
  get rows(): number {
    return this.cs.constraints.length - 1 - this.#fixed.length;
  }

  /** The gadget for forgers who cannot touch the pinned wires, and want another result. */
  subject(results: readonly LinearCombination[]): Subject {
    const honest = this.witness();
    return { ...this.#forgeable(honest, results), isForged: differsIn(honest, results) };
  }

  /** The gadget for forgers who want a witness like this. */
  subjectOf(isForged: Subject["isForged"]): Subject {
    return { ...this.#forgeable(this.witness(), []), isForged };
  }

  #forgeable(
    honest: WitnessVector,
    results: readonly LinearCombination[],
  ): Omit<Subject, "isForged"> {
    const { one, constraints } = this.cs;
    const pins = new Set(this.#pins);
    const [copy, ...rows] = constraints.filter((_, row) => !pins.has(row));
    // A gadget that needs no constant needs no copy of it either.
    const named = [...rows.flatMap(({ a, b, c }) => [a, b, c]), ...results];
    return copy !== undefined && named.some(({ wires }) => wires.includes(one))
      ? { honest, rows: [copy, ...rows], given: [PUBLIC_ONE, ...this.#fixed] }
      : { honest, rows, given: [PUBLIC_ONE, one, ...this.#fixed] };
  }

  expectSound(): WitnessVector {
    const witness = this.witness();
    expect(this.cs.firstUnsatisfied(witness), "an honest witness breaks a row").to.equal(-1);
    expect(singleWireForgeries(this.cs, witness), "a changed wire goes unnoticed").to.deep.equal(
      [],
    );
    return witness;
  }
}
