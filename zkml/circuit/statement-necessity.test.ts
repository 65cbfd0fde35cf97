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
import { packCombinations } from "./packed-combinations.ts";
import { packWords } from "./packed-words.ts";
import { enforceStatement, evaluate, evaluateShared, PUBLIC_INPUTS } from "./statement.ts";
import { WitnessVector } from "./witness-vector.ts";

const CHALLENGE = FIELD_ORDER - 123_456_789n;

/** The statement about bytes that the rest of a circuit has fixed; the forger wants another commitment or evaluation. */
function statementOf(bytes: Uint8Array, isShared: boolean): Subject {
  const cs = new ConstraintSystem(PUBLIC_INPUTS.length);
  const first = cs.wires(bytes.length);
  const wires = listOf(bytes.length, (i) => first + i);
  cs.assign((witness) => {
    bytes.forEach((byte, i) => {
      witness.set(first + i, byte);
    });
  });
  enforceStatement(cs, packCombinations(wires.map((wire) => term(wire))), { isShared });
  const honest = new WitnessVector(cs.wireCount);
  cs.fill(honest, { runs: [], challenge: CHALLENGE });
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

for (const { name, isShared, rows, evaluation } of [
  { name: "the statement", isShared: false, rows: 8, evaluation: evaluate },
  // The 1 at the end is one word more.
  { name: "a shared proof's statement", isShared: true, rows: 9, evaluation: evaluateShared },
])
  describe(`constraints of ${name}`, () => {
    const bytes = Uint8Array.from({ length: 70 }, (_, i) => (37 * i + 11) % 256);

    it("leave no other commitment and no other evaluation", () => {
      const subject = statementOf(bytes, isShared);
      expectUnforgeable([subject]);
      const words = packWords(bytes);
      expect([1, 3].map((wire) => toField(subject.honest.get(wire)))).to.deep.equal([
        commit(words),
        evaluation(words, CHALLENGE),
      ]);
    });

    it("are all needed: without any one of them another statement passes", () => {
      const subject = statementOf(bytes, isShared);
      expect(subject.rows.filter(isStatement)).to.have.length(rows);
      expectEveryRowNeeded([subject], isStatement);
    });

    it("have no coefficient that could be another", () => {
      expectEveryCoefficientNeeded([statementOf(bytes, isShared)]);
    });
  });
