import { expect } from "chai";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { at } from "../../zkml/arrays.ts";
import { domainPower } from "../../zkml/circuit/compile.ts";
import { encodeR1cs } from "../../zkml/circuit/r1cs-file.ts";
import { ZkmlError } from "../../zkml/errors.ts";
import { infer } from "../../zkml/integer/run.ts";
import { encodeTensors, quantiseTensors } from "../../zkml/integer/tensor-spec.ts";
import type { CompiledModel } from "../../zkml/model/compile-model.ts";
import { decodeEvidence } from "../../zkml/prove/evidence.ts";
import { NO_REQUEST, proveInference, type ProvableModel } from "../../zkml/prove/prover.ts";
import { stopProverThreads } from "../../zkml/prove/threads.ts";
import { proofHolds, statementOf } from "../../zkml/prove/verify-evidence.ts";
import { cachedTau } from "../../zkml/setup/development-cache.ts";
import { makeDevelopmentKeys } from "../../zkml/setup/development-keys.ts";
import { writeCard } from "./card.ts";
import { digitsPackage } from "./digits/package.ts";
import { DIGITS } from "./digits/digits.ts";
import { compileStored, modelFile, readSamples, type Model } from "./model.ts";
import { modelNamed, MODELS } from "./models.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache");
const POWERS_OF_TAU = path.join(CACHE, "powers-of-tau");
const PARTS = { origin: `0x${"55".repeat(32)}`, key: `0x${"66".repeat(20)}` };

/** The story and the gas tests use the digit classifier's keys too. */
async function withKeys(model: Model, compiled: CompiledModel): Promise<ProvableModel> {
  if (model === DIGITS) {
    return digitsPackage({ folder: path.join(CACHE, "digits"), cacheFolder: POWERS_OF_TAU });
  }
  const tau = await cachedTau(domainPower(compiled.circuit), POWERS_OF_TAU);
  const r1cs = encodeR1cs(compiled.circuit);
  const keys = await makeDevelopmentKeys({ r1cs, tau, contributor: "tests" });
  return { ...compiled, keys };
}

/** Whether evidence commits to this output and its proof holds for it, by a verifier that shares no code with the prover. */
function checkProof({ keys }: ProvableModel, evidence: Uint8Array, output: Uint8Array) {
  const decoded = decodeEvidence(evidence, { isShared: false });
  if (decoded === undefined) throw new Error("the evidence is too short");
  const answer = { requestId: NO_REQUEST.requestId, output };
  const statement = statementOf(decoded, [answer], NO_REQUEST);
  if (statement === undefined) throw new Error("one answer is of one inference");
  return {
    commits: statement.isCommitted,
    holds: proofHolds(keys.verificationKey, decoded, statement),
  };
}

after(stopProverThreads);

for (const model of MODELS) {
  describe(`model ${model.name}`, () => {
    let compiled: CompiledModel;

    before(async () => {
      compiled = await compileStored(model);
    });

    it("has the figures that its card states", async () => {
      const card = await readFile(modelFile(model.name, "card"), "utf8");
      expect(await writeCard(model, compiled)).to.equal(card);
    });

    it("takes whole numbers as they are", () => {
      expect(compiled.graph.inputs.map(({ scale }) => scale)).to.deep.equal([1]);
    });

    it("is proved: the proof holds for what was computed, and for nothing else", async () => {
      const { graph } = compiled;
      const integers = quantiseTensors(graph.inputs, at(await readSamples(model), 0));
      const input = encodeTensors(graph.inputs, integers);
      const provable = await withKeys(model, compiled);
      const request = { input, context: NO_REQUEST, parts: PARTS };
      const { output, evidence } = await proveInference(provable, request);
      const other = output.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
      expect(output).to.deep.equal(infer(graph, input));
      expect(checkProof(provable, evidence, output)).to.deep.equal({ commits: true, holds: true });
      expect(checkProof(provable, evidence, other)).to.deep.equal({ commits: false, holds: false });
    });
  });
}

it("says which models there are when one is named that is none", () => {
  expect(() => modelNamed("weather"))
    .to.throw(ZkmlError, 'There is no model "weather".')
    .with.property("hint", "Name one of these: digits, risk, volatility.");
});
