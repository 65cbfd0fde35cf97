import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { concatBytes } from "@noble/hashes/utils.js";
import { expect } from "chai";
import { keccak256 } from "ethers";
import pino from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { listOf } from "../../zkml/arrays.ts";
import type { ProofForm } from "../../zkml/circuit/proof-form.ts";
import { sealInput } from "../../zkml/circuit/sealed-input.ts";
import { compileModel } from "../../zkml/model/compile-model.ts";
import { node, tensor } from "../../zkml/onnx/build.ts";
import { SnarkjsProver } from "../../zkml/prove/provers/snarkjs-prover.ts";
import { onnxFile } from "../../zkml/testing/networks.ts";
import type { Readiness } from "../jobs/answerer.ts";
import type { AnswerableRequest } from "../jobs/job.ts";
import { Openings } from "../models/openings.ts";
import type { ProvenModel } from "../models/served-models.ts";
import { Prover } from "./prover.ts";

const log = pino({ level: "silent" });

/** Four truths in, which most bytes are not. */
const ONNX = onnxFile({
  input: { type: "bool", shape: [1, 4] },
  output: { type: "float", shape: [1, 1] },
  nodes: [node("Cast", ["x"], "f", { to: 1 }), node("MatMul", ["f", "w"], "y")],
  initializers: { w: tensor([4, 1], [1, 2, 3, 4]) },
});

function served(form: ProofForm): ProvenModel {
  const model = compileModel(ONNX, { samples: [[0, 1, 0, 1]], form });
  return { modelId: "model", model } as unknown as ProvenModel;
}

function request(input: Uint8Array, opening?: Uint8Array): AnswerableRequest {
  const terms = { modelId: "model", inputHash: keccak256(input) };
  return { requestId: "request", terms, input, opening } as unknown as AnswerableRequest;
}

const WAITING: Readiness = { kind: "waiting", reason: "the input's opening is not here" };

function expectRefusal(readiness: Readiness): void {
  expect(readiness.kind === "refused" && readiness.reason).to.match(/^INPUT_SIZE: /);
}

describe("what a proof takes besides the request", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "openings-"));
  });

  after(() => rm(folder, { recursive: true }));

  const TRUTHS = Uint8Array.of(1, 0, 0, 1);
  const SHARED: ProofForm = { inputs: "public", inferences: 2 };
  const PRIVATE: ProofForm = { inputs: "private", inferences: 2 };

  function prover(form: ProofForm): Prover {
    return new Prover({
      models: new Map([["model", served(form)]]),
      deployment: {} as Deployment,
      node: "node",
      openings: new Openings(folder, log),
      maker: new SnarkjsProver(),
      residentKeys: 1,
      log,
    });
  }

  const leave = (input: Uint8Array, content: Uint8Array) =>
    writeFile(path.join(folder, keccak256(input)), content);

  it("is nothing where inputs are public", async () => {
    expect(await prover(SHARED).prepareFor(request(TRUTHS))).to.deep.equal({ kind: "ready" });
    const two = concatBytes(TRUTHS, TRUTHS);
    expect(await prover(SHARED).prepareFor(request(two))).to.deep.equal({ kind: "ready" });
  });

  for (const [name, input] of [
    ["a byte that is no truth", Uint8Array.of(1, 0, 2, 1)],
    ["more inferences than a proof carries", new Uint8Array(12)],
    ["a part of an inference", new Uint8Array(3)],
  ] as const)
    it(`is refused for ${name}`, async () => {
      const readiness = await prover(SHARED).prepareFor(request(input));
      expectRefusal(readiness);
    });

  it("is the opening of a private input, once it is there", async () => {
    const { opening, commitment } = sealInput(TRUTHS);
    const asked = request(commitment);
    expect(await prover(PRIVATE).prepareFor(asked)).to.deep.equal(WAITING);
    await leave(commitment, opening);
    expect(await prover(PRIVATE).prepareFor(asked)).to.deep.equal({ kind: "ready", opening });
  });

  it("is the openings of several, in their order", async () => {
    const sealed = listOf(2, () => sealInput(TRUTHS));
    const commitment = concatBytes(...sealed.map((each) => each.commitment));
    const openings = sealed.map(({ opening }) => opening);
    await leave(commitment, concatBytes(...openings.toReversed()));
    expect(await prover(PRIVATE).prepareFor(request(commitment))).to.deep.equal(WAITING);
    await leave(commitment, concatBytes(...openings));
    expect(await prover(PRIVATE).prepareFor(request(commitment))).to.deep.equal({
      kind: "ready",
      opening: concatBytes(...openings),
    });
  });

  it("is no other opening, and none that is too long to be one", async () => {
    const { commitment, opening } = sealInput(TRUTHS);
    for (const other of [
      sealInput(TRUTHS).opening,
      opening.slice(1),
      new Uint8Array(),
      new Uint8Array(2 * opening.length + 1),
    ]) {
      await leave(commitment, other);
      expect(await prover(PRIVATE).prepareFor(request(commitment))).to.deep.equal(WAITING);
    }
  });

  it("is refused for an opening of what is no input", async () => {
    const { commitment, opening } = sealInput(Uint8Array.of(1, 0, 2, 1));
    await leave(commitment, opening);
    expectRefusal(await prover(PRIVATE).prepareFor(request(commitment)));
  });

  it("is what a job has from before a reorganisation, whatever became of the folder", async () => {
    const { commitment, opening } = sealInput(TRUTHS);
    const reopened = request(commitment, opening);
    expect(await prover(PRIVATE).prepareFor(reopened)).to.deep.equal({ kind: "ready", opening });
  });
});
