import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import { at } from "./arrays.ts";
import { compileCircuit } from "./circuit/compile.ts";
import { commit } from "./circuit/poseidon.ts";
import { challenge, evaluate, wordsOf } from "./circuit/statement.ts";
import { ZkmlError } from "./errors.ts";
import { runIntegerGraph } from "./integer/run.ts";
import { encodeTensors } from "./integer/tensor-spec.ts";
import { CONTEXT } from "./testing/context.ts";
import { FORGERY_KINDS, fuzz, type FuzzBudget, type FuzzResult } from "./testing/fuzz.ts";
import { randomGraph } from "./testing/random-graph.ts";
import { seededRandom, type Random } from "./random.ts";
import { corpusStage, randomScene, STAGES, type Stage } from "./testing/scenes.ts";

/** `npm run zk:fuzz` tries as many as one has time for. */
const BUDGET: FuzzBudget = { wires: 3000, pairs: 1000, aliases: 500, completions: 15, lies: 50 };

/** One of each kind of layer, and those that have no layers. */
const PUBLIC_NETWORKS = [
  "1l_average",
  "1l_conv",
  "1l_eltwise_div",
  "1l_sigmoid",
  "1l_softmax",
  "2l_relu_fc",
  "boolean_identity",
  "lightgbm",
  "lstm",
  "max",
  "oh_decision_tree",
];

/** A random graph's circuit, unless its sums are too large. */
function randomStage(random: Random): Stage | undefined {
  const graph = randomGraph(random);
  try {
    return { graph, circuit: compileCircuit(graph) };
  } catch (error) {
    if (error instanceof ZkmlError && error.code === "RANGE_OVERFLOW") return undefined;
    throw error;
  }
}

function expectNoForgery(stage: Stage): FuzzResult["tried"] {
  const random = seededRandom(41);
  const { tried, accepted } = fuzz(randomScene(stage, random), BUDGET, random);
  expect(accepted).to.deep.equal([]);
  return tried;
}

describe("tampered witnesses of whole networks", () => {
  for (const [name, stage] of Object.entries(STAGES)) {
    it(`break a constraint: ${name}`, () => {
      const tried = expectNoForgery(stage());
      for (const kind of FORGERY_KINDS) expect(tried[kind], kind).to.be.at.least(9);
    });
  }

  it("are those of all kinds of layers", () => {
    const kinds = Object.values(STAGES).flatMap((stage) =>
      stage().graph.layers.map(({ kind }) => kind),
    );
    expect(new Set(kinds)).to.deep.equal(
      new Set(["rectifier", "step", "floor", "product", "function"]),
    );
  });

  for (const name of PUBLIC_NETWORKS) {
    it(`break a constraint: ${name}`, async function () {
      const { VECTORS_DIR } = process.env;
      if (VECTORS_DIR === undefined) this.skip();
      expectNoForgery(await corpusStage(path.join(VECTORS_DIR, "onnx"), name));
    });
  }
});

describe("tampered witnesses of random graphs", () => {
  it("break a constraint, and honest ones do not", () => {
    let count = 0;
    for (let seed = 0; count < 15; seed++) {
      const stage = randomStage(seededRandom(seed));
      if (stage === undefined) continue;
      expectNoForgery(stage);
      count++;
    }
  });
});

describe("bytes that the circuit did not see", () => {
  it("have another evaluation at their own challenge, whichever byte is changed", () => {
    const { graph, input } = randomScene(at(Object.values(STAGES), 0)(), seededRandom(42));
    const proven = {
      input: encodeTensors(graph.inputs, input),
      output: encodeTensors(graph.outputs, runIntegerGraph(graph, input).outputs),
    };
    const words = wordsOf(proven);
    for (const part of ["input", "output"] as const) {
      proven[part].forEach((byte, i) => {
        for (const other of [(byte + 1) % 256, byte ^ 0x80, 255 - byte]) {
          const given = { ...proven, [part]: proven[part].with(i, other) };
          const r = challenge(commit(words), CONTEXT, given);
          expect(evaluate(words, r)).to.not.equal(evaluate(wordsOf(given), r));
        }
      });
    }
  });
});
