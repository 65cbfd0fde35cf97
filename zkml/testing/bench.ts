import { expect } from "chai";
import { ConstraintSystem, type Assignment } from "../circuit/constraint-system.ts";
import { toField, type FieldValue } from "../circuit/field.ts";
import { term, type LinearCombination, type Wire } from "../circuit/linear-combination.ts";
import { WitnessVector } from "../circuit/witness-vector.ts";
import { singleWireForgeries } from "./forgery.ts";

/** The gadgets under test take their values from closures, so the run they are given is empty. */
const ASSIGNMENT: Assignment = {
  runs: [],
  challenge: 0n,
};

/** A gadget in a system of its own. */
export class Bench {
  readonly cs = new ConstraintSystem(0);
  readonly #fixed: Wire[] = [];

  /** A wire pinned to a value, as if the rest of a circuit had computed it. */
  fixed(value: FieldValue): LinearCombination {
    const wire = this.cs.wire();
    const { cs } = this;
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

  witness(): WitnessVector {
    const witness = new WitnessVector(this.cs.wireCount);
    this.cs.fill(witness, ASSIGNMENT);
    return witness;
  }

  /** Rows of the gadget alone: without the copies of the constant and the pinned wires. */
  get rows(): number {
    return this.cs.constraints.length - 1 - this.#fixed.length;
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
