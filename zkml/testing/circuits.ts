import { domainPower } from "../circuit/compile.ts";
import { ConstraintSystem, type Assignment } from "../circuit/constraint-system.ts";
import { multiplyField, toField, type FieldValue } from "../circuit/field.ts";
import { term } from "../circuit/linear-combination.ts";
import { encodeR1cs } from "../circuit/r1cs-file.ts";
import { WitnessVector } from "../circuit/witness-vector.ts";
import { makeKeys, type CircuitKeys } from "../setup/keys.ts";
import { developmentTau } from "../setup/development-tau.ts";

/** What a circuit is given whose values come from elsewhere. */
const NOTHING: Assignment = {
  runs: [],
  challenge: 0n,
};

/** A circuit of products of neighbours: wires with any values, the first of which is public. */
export class ProductCircuit {
  readonly cs = new ConstraintSystem(1);
  #values: readonly FieldValue[] = [];

  constructor(count: number) {
    const { cs } = this;
    const first = cs.wires(count);
    const products = cs.wires(count);
    const neighbour = (i: number): number => (i + 1) % count;
    cs.enforceZero({ wires: [first, cs.publicInputs[0] ?? 0], coefficients: [1, -1] }, "statement");
    for (let i = 0; i < count; i++) {
      cs.enforce(term(first + i), term(first + neighbour(i)), term(products + i), "product");
    }
    cs.assign((witness) => {
      witness.set(cs.publicInputs[0] ?? 0, this.#values[0] ?? 0);
      for (let i = 0; i < count; i++) {
        const [left = 0, right = 0] = [this.#values[i], this.#values[neighbour(i)]];
        witness.set(first + i, left);
        witness.set(products + i, multiplyField(left, right));
      }
    });
  }

  /** The witness in which the wires have these values. */
  witness(values: readonly FieldValue[]): WitnessVector {
    this.#values = values;
    const witness = new WitnessVector(this.cs.wireCount);
    this.cs.fill(witness, NOTHING);
    return witness;
  }
}

/** Development keys for a circuit of any size. */
export async function keysFor(cs: ConstraintSystem): Promise<CircuitKeys> {
  // Circuits that were not finished do not fill their domain.
  const tau = await developmentTau(Math.ceil(domainPower(cs)));
  return makeKeys({ r1cs: encodeR1cs(cs), tau, contributor: "tests" });
}

/** Public signals that a witness has, in decimal. */
export function signalsOf(witness: WitnessVector, count: number): string[] {
  return Array.from({ length: count }, (_, i) => toField(witness.get(i + 1)).toString());
}
