import { concatBytes } from "@noble/hashes/utils.js";
import { expect } from "chai";
import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { infer } from "../integer/run.ts";
import { compileModel } from "../model/compile-model.ts";
import { NO_REQUEST } from "../prove/prover.ts";
import { singleWireForgeries } from "../testing/forgery.ts";
import { perceptronFile, randomBytes } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import type { ModelCircuit } from "./model-circuit.ts";
import { commit } from "./poseidon.ts";
import { SINGLE, type ProofForm } from "./proof-form.ts";
import { packWords, toInteger } from "./packed-words.ts";
import { COMMITMENT_BYTES, SALT_BYTES, sealInput } from "./sealed-input.ts";
import { evaluate, evaluateShared, sharedChallenge, wordsOf } from "./statement.ts";
import type { WitnessVector } from "./witness-vector.ts";
import { proveRun, proveRuns, requireSatisfied } from "./witness.ts";

const SIZES = [6, 4, 2];
const INPUT_BYTES = 6;
const OUTPUT_BYTES = 8;

const random = seededRandom(17);
const onnx = perceptronFile(SIZES, random);
const samples = listOf(20, () => randomBytes(INPUT_BYTES, random));

function compiled(form: ProofForm) {
  return compileModel(onnx, { samples, form });
}

function requestIdOf(index: number): string {
  return `0x${(index + 1).toString(16).padStart(64, "0")}`;
}

/** What the circuit itself makes of its bytes. */
function publicInputsOf(cs: ModelCircuit, witness: WitnessVector) {
  const [commitment, challenge, evaluation] = cs.publicInputs.map((wire) => witness.get(wire));
  return { commitment, challenge, evaluation };
}

describe("form of a proof", () => {
  const single = compiled(SINGLE);

  it("leaves a single public inference as it is", () => {
    const { graph, circuit } = single;
    const input = randomBytes(INPUT_BYTES, random);
    const { output, commitment } = proveRun(graph, circuit, { input, context: NO_REQUEST });
    expect(commitment).to.equal(commit(wordsOf({ input, output })));
    expect(circuit.form).to.equal(SINGLE);
  });

  describe("of private inputs", () => {
    const { graph, circuit } = compiled({ inputs: "private", inferences: 1 });
    const secret = randomBytes(INPUT_BYTES, random);
    const { opening, commitment } = sealInput(secret);
    const run = proveRun(graph, circuit, { input: opening, context: NO_REQUEST });

    it("shows the chain the commitment and the output of the input behind it", () => {
      requireSatisfied(circuit, run.witness);
      expect(run.input).to.deep.equal(commitment);
      expect(run.output).to.deep.equal(infer(graph, secret));
      const words = wordsOf({ input: commitment, output: run.output });
      const { challenge, ...rest } = publicInputsOf(circuit, run.witness);
      expect(rest).to.deep.equal({
        commitment: commit(words),
        evaluation: evaluate(words, BigInt(challenge ?? 0)),
      });
    });

    it("commits by Poseidon to salt and input", () => {
      expect(commitment).to.have.length(COMMITMENT_BYTES);
      expect(toInteger(commitment)).to.equal(commit(packWords(opening)));
    });

    it("hides equal inputs behind other salts", () => {
      expect(sealInput(secret).commitment).not.to.deep.equal(sealInput(secret).commitment);
    });

    it("pins every wire, also salt and commitment", () => {
      expect(singleWireForgeries(circuit, run.witness)).to.deep.equal([]);
    });

    it("has no witness for another input under the same commitment", () => {
      const other = sealInput(randomBytes(INPUT_BYTES, random), opening.slice(0, SALT_BYTES));
      const { witness } = proveRun(graph, circuit, { input: other.opening, context: NO_REQUEST });
      // The other run's witness, but for the word that the chain sees.
      const word = wireOf(witness, circuit, toInteger(other.commitment) >> 8n);
      witness.set(word, toInteger(commitment) >> 8n);
      expect(() => {
        requireSatisfied(circuit, witness);
      }).to.throw("breaks constraint");
    });

    it("refuses an input without its salt", () => {
      expect(() => proveRun(graph, circuit, { input: secret, context: NO_REQUEST }))
        .to.throw(ZkmlError, "The input has 6 bytes; the model takes 37, of which 31 are the salt.")
        .with.property("code", "INPUT_SIZE");
    });
  });

  describe("of several inferences", () => {
    const INFERENCES = 3;
    const { graph, circuit } = compiled({ inputs: "public", inferences: INFERENCES });
    const inputs = listOf(INFERENCES, () => randomBytes(INPUT_BYTES, random));

    function ask(counts: readonly number[]) {
      let next = 0;
      const questions = counts.map((count, i) => {
        const own = inputs.slice(next, (next += count));
        return { requestId: requestIdOf(i), input: concatBytes(...own) };
      });
      return proveRuns(graph, circuit, { questions, context: NO_REQUEST });
    }

    for (const counts of [[1, 1, 1], [3], [2, 1], [1, 1], [1]]) {
      it(`answers requests of ${counts.join(" and ")}, as one by one`, () => {
        const { answers, witness, commitment } = ask(counts);
        requireSatisfied(circuit, witness);
        const count = counts.reduce((sum, each) => sum + each);
        const outputs = inputs.slice(0, count).map((input) => infer(graph, input));
        expect(concatBytes(...answers.map(({ output }) => output))).to.deep.equal(
          concatBytes(...outputs),
        );
        expect(concatBytes(...answers.map(({ input }) => input))).to.deep.equal(
          concatBytes(...inputs.slice(0, count)),
        );

        const words = listOf(INFERENCES, (i) => {
          const index = Math.min(i, count - 1);
          return wordsOf({ input: at(inputs, index), output: at(outputs, index) });
        }).flat();
        const challenge = sharedChallenge(commitment, NO_REQUEST, answers);
        expect(publicInputsOf(circuit, witness)).to.deep.equal({
          commitment: commit(words),
          challenge,
          evaluation: evaluateShared(words, challenge),
        });
      });
    }

    it("pins every wire", () => {
      expect(singleWireForgeries(circuit, ask([1, 1]).witness)).to.deep.equal([]);
    });

    it("tells one inference from the same one followed by zeros", () => {
      const words = wordsOf({ input: at(inputs, 0), output: infer(graph, at(inputs, 0)) });
      const padded = [...words, 0n];
      expect(evaluate(padded, 7n)).to.equal(evaluate(words, 7n));
      expect(evaluateShared(padded, 7n)).not.to.equal(evaluateShared(words, 7n));
    });

    it("binds requests, their order and where one ends", () => {
      const challenges = [ask([1, 2]), ask([2, 1]), ask([3])].map(({ answers, commitment }) =>
        sharedChallenge(commitment, NO_REQUEST, answers),
      );
      const { answers, commitment } = ask([1, 1, 1]);
      challenges.push(sharedChallenge(commitment, NO_REQUEST, answers));
      challenges.push(sharedChallenge(commitment, NO_REQUEST, answers.toReversed()));
      expect(new Set(challenges).size).to.equal(challenges.length);
    });

    it("costs as much as so many inferences and one statement", () => {
      const rows = (cs: ModelCircuit, kind: string): number =>
        cs.constraints.filter((constraint) => constraint.kind === kind).length;
      for (const kind of ["boolean", "input byte", "rectifier", "decomposition"])
        expect(rows(circuit, kind)).to.equal(INFERENCES * rows(single.circuit, kind));
      // A word in place of a zero is one S-box more, of three rows.
      expect(rows(circuit, "hash")).to.equal(rows(single.circuit, "hash") + 3 * (INFERENCES - 1));
    });

    it("refuses more than a proof carries", () => {
      const questions = listOf(2, (i) => ({
        requestId: requestIdOf(i),
        input: concatBytes(...inputs.slice(0, 2)),
      }));
      expect(() => proveRuns(graph, circuit, { questions, context: NO_REQUEST }))
        .to.throw(ZkmlError, "4 inferences do not fit into a proof that carries 3.")
        .with.property("code", "TOO_MANY_INFERENCES");
    });

    for (const size of [0, 5, 13, 24]) {
      it(`refuses ${size} bytes for one request`, () => {
        const input = new Uint8Array(size);
        const wanted = `The input has ${size} bytes; the model takes 6 for each of up to 3 inferences.`;
        expect(() => proveRun(graph, circuit, { input, context: NO_REQUEST }))
          .to.throw(ZkmlError, wanted)
          .with.property("code", "INPUT_SIZE");
      });
    }
  });

  it("carries several private inferences, each behind a commitment of its own", () => {
    const { graph, circuit } = compiled({ inputs: "private", inferences: 2 });
    const sealed = listOf(2, () => sealInput(randomBytes(INPUT_BYTES, random)));
    const input = concatBytes(...sealed.map(({ opening }) => opening));
    const run = proveRun(graph, circuit, { input, context: NO_REQUEST });
    requireSatisfied(circuit, run.witness);
    expect(run.input).to.deep.equal(concatBytes(...sealed.map(({ commitment }) => commitment)));
    expect(run.output).to.have.length(2 * OUTPUT_BYTES);
  });
});

function wireOf(witness: WitnessVector, { wireCount }: ModelCircuit, value: bigint): number {
  return listOf(wireCount, (wire) => wire).findIndex((wire) => witness.get(wire) === value);
}
