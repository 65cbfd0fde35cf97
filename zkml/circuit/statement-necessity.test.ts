import { expect } from "chai";
import { listOf } from "../arrays.ts";
import {
  differsIn,
  expectEveryCoefficientNeeded,
  expectEveryRowNeeded,
  expectUnforgeable,
  type Subject,
} from "../testing/necessity.ts";
import { ConstraintSystem, type Constraint } from "./constraint-system.ts";
import { FIELD_ORDER, toField } from "./field.ts";
import { term } from "./linear-combination.ts";
import { commit } from "./poseidon.ts";
import { enforceStatement, evaluate, packWords, PUBLIC_INPUTS } from "./statement.ts";
import { WitnessVector } from "./witness-vector.ts";

const CHALLENGE = FIELD_ORDER - 123_456_789n;

/** The statement about bytes that the rest of a circuit has fixed; the forger wants another commitment or evaluation. */
function statementOf(bytes: Uint8Array): Subject {
  const cs = new ConstraintSystem(PUBLIC_INPUTS.length);
  const first = cs.wires(bytes.length);
  const wires = listOf(bytes.length, (i) => first + i);
  cs.assign((witness) => {
    bytes.forEach((byte, i) => {
      witness.set(first + i, byte);
    });
  });
  enforceStatement(
    cs,
    wires.map((wire) => term(wire)),
  );
  const honest = new WitnessVector(cs.wireCount);
  const trace = {
    variables: new Float64Array(),
    sums: [],
    factors: [],
    outputs: new Float64Array(),
  };
  cs.fill(honest, { trace, challenge: CHALLENGE });
  const [one, commitment, challenge, evaluation] = [0, 1, 2, 3];
  return {
    rows: cs.constraints,
    honest,
    given: [one, challenge, ...wires],
    isForged: differsIn(honest, [term(commitment), term(evaluation)]),
  };
}

/** Those of the hash are the gadget's own. */
function isStatement({ kind }: Constraint): boolean {
  return kind !== "hash";
}

describe("constraints of the statement", () => {
  const bytes = Uint8Array.from({ length: 70 }, (_, i) => (37 * i + 11) % 256);

  it("leave no other commitment and no other evaluation", () => {
    const subject = statementOf(bytes);
    expectUnforgeable([subject]);
    const words = packWords(bytes);
    expect([1, 3].map((wire) => toField(subject.honest.get(wire)))).to.deep.equal([
      commit(words),
      evaluate(words, CHALLENGE),
    ]);
  });

  it("are all needed: without any one of them another statement passes", () => {
    const subject = statementOf(bytes);
    expect(subject.rows.filter(isStatement)).to.have.length(8);
    expectEveryRowNeeded([subject], isStatement);
  });

  it("have no coefficient that could be another", () => {
    expectEveryCoefficientNeeded([statementOf(bytes)]);
  });
});
