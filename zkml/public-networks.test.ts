import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import { z } from "zod";
import { at } from "./arrays.ts";
import { ZkmlError } from "./errors.ts";
import { requireSatisfied, proveRun } from "./circuit/witness.ts";
import type { StatementContext } from "./circuit/statement.ts";
import { encodeTensor, quantiseTensor } from "./integer/tensor-spec.ts";
import { runIntegerGraph } from "./integer/run.ts";
import { runNetwork } from "./network/network.ts";
import { compileModel } from "./model/compile-model.ts";

const inputSchema = z.object({
  input_data: z.array(z.array(z.union([z.number(), z.boolean()]))),
});
const expectedSchema = z.object({
  outputs: z.array(z.object({ dims: z.array(z.number()), data: z.array(z.number()) })),
});

/** Networks of these vectors that consist of supported operators only. */
const SUPPORTED = [
  "1l_average",
  "1l_concat",
  "1l_conv",
  "1l_downsample",
  "1l_leakyrelu",
  "1l_max_pool",
  "1l_pad",
  "2l_relu_fc",
  "3l_relu_conv_fc",
  "eye",
  "log_softmax",
  "ltsf",
  "max",
  "min",
  "prelu_gmm",
  "variable_cnn",
];

/** What keeps the others from being compiled. */
const REFUSED: Readonly<Record<string, string>> = {
  "1l_eltwise_div": "(Div) divides by a computed tensor",
  "1l_elu": "operator Elu",
  "1l_gelu_noappx": "operator Erf",
  "1l_instance_norm": "operator InstanceNormalization",
  "1l_powf": "operator Pow on a computed tensor",
  "1l_sigmoid": "operator Sigmoid",
  "1l_softmax": "operator Softmax",
  "1l_tanh": "operator Tanh",
  "1l_var": "(Mul) multiplies two computed tensors",
  "2l_relu_sigmoid_small": "operator Sigmoid",
  "2l_sigmoid_small": "operator Sigmoid",
  boolean_identity: 'Input "input" is bool',
  idolmodel: "2 inputs",
  lightgbm: "2 outputs",
  lstm: "3 outputs",
  oh_decision_tree: "2 outputs",
  rnn: "2 outputs",
  trig: "operator Softplus",
};

/** Of the float outputs' range, or of the value where there is but one. */
const TOLERANCE = 0.01;

const CONTEXT: StatementContext = {
  chainId: 8453n,
  market: "0x00000000000000000000000000000000000000aa",
  modelId: `0x${"01".repeat(32)}`,
  requestId: `0x${"02".repeat(32)}`,
  node: "0x00000000000000000000000000000000000000bb",
};

describe("public ONNX networks", function () {
  const { VECTORS_DIR } = process.env;

  before(function () {
    if (VECTORS_DIR !== undefined) return;
    process.stdout.write("    set VECTORS_DIR to the folder of the test vectors to run these\n");
    this.skip();
  });

  const folderOf = (name: string) => path.join(VECTORS_DIR ?? "", "onnx", name);

  async function compile(name: string) {
    const onnx = new Uint8Array(await readFile(path.join(folderOf(name), "network.onnx")));
    const sample = await readSample(name);
    const model = compileModel(onnx, { samples: [sample], dimensions: { batch_size: 1 } });
    return { ...model, sample };
  }

  async function readSample(name: string): Promise<number[]> {
    const file = await readFile(path.join(folderOf(name), "input.json"), "utf8");
    return at(inputSchema.parse(JSON.parse(file)).input_data, 0).map(Number);
  }

  async function readExpected(name: string) {
    const file = await readFile(path.join(folderOf(name), "expected.json"), "utf8");
    return at(expectedSchema.parse(JSON.parse(file)).outputs, 0);
  }

  for (const name of SUPPORTED) {
    it(`${name} gives what onnxruntime gives, and nearly that in integers, with a witness`, async () => {
      const { network, graph, circuit, sample } = await compile(name);
      const { dims, data } = await readExpected(name);
      const { outputs } = runNetwork(network, sample);
      expect(network.output.shape).to.deep.equal(dims);
      expect(outputs).to.have.length(data.length);
      data.forEach((value, i) => expect(at(outputs, i)).to.be.closeTo(value, 1e-6));

      const integers = quantiseTensor(graph.input, sample);
      const exact = runIntegerGraph(graph, integers).outputs;
      const range = Math.max(...outputs) - Math.min(...outputs);
      const tolerance = TOLERANCE * (range > 0 ? range : Math.abs(at(outputs, 0)));
      outputs.forEach((value, i) => {
        expect(at(exact, i) * graph.output.scale).to.be.closeTo(value, tolerance);
      });

      const input = encodeTensor(graph.input, integers);
      requireSatisfied(circuit, proveRun(graph, circuit, { input, context: CONTEXT }).witness);
    });
  }

  it("are all supported or known not to be", async () => {
    const entries = await readdir(folderOf(""), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    expect(names).to.have.members([...SUPPORTED, ...Object.keys(REFUSED)]);
  });

  for (const [name, obstacle] of Object.entries(REFUSED)) {
    it(`${name} is refused: ${obstacle}`, async () => {
      const error = await refusalOf(() => compile(name));
      expect(error.message).to.contain(obstacle);
    });
  }
});

async function refusalOf(action: () => Promise<unknown>): Promise<ZkmlError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
