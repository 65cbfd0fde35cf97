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
import type { QuantisationOptions } from "./integer/quantise.ts";
import { compilePublicNetwork } from "./testing/public-networks.ts";
import { runIntegerGraph } from "./integer/run.ts";
import { runNetwork } from "./network/network.ts";

const expectedSchema = z.object({
  outputs: z.array(z.object({ dims: z.array(z.number()), data: z.array(z.number()) })),
});

/** Networks of these vectors that consist of supported operators only, and the precision they need, if not the usual. */
const SUPPORTED: Readonly<Record<string, QuantisationOptions>> = {
  "1l_average": {},
  "1l_concat": {},
  "1l_conv": {},
  "1l_downsample": {},
  "1l_eltwise_div": {},
  "1l_elu": {},
  "1l_gelu_noappx": {},
  "1l_instance_norm": {},
  "1l_leakyrelu": {},
  "1l_max_pool": {},
  "1l_pad": {},
  "1l_powf": {},
  "1l_sigmoid": {},
  "1l_softmax": {},
  "1l_tanh": {},
  "1l_var": {},
  // Its one rectifier hardly fires.
  "2l_relu_fc": { inputType: "int16", weightBits: 14 },
  "2l_relu_sigmoid_small": {},
  "2l_sigmoid_small": {},
  "3l_relu_conv_fc": {},
  eye: {},
  log_softmax: {},
  ltsf: {},
  max: { inputType: "int16" },
  min: { inputType: "int16" },
  prelu_gmm: { inputType: "int16", weightBits: 12 },
  variable_cnn: {},
};

/** What keeps the others from being compiled. */
const REFUSED: Readonly<Record<string, string>> = {
  boolean_identity: 'Input "input" is bool',
  idolmodel: "2 inputs",
  lightgbm: "2 outputs",
  lstm: "3 outputs",
  oh_decision_tree: "2 outputs",
  rnn: "2 outputs",
  trig: "operator Sign on a computed tensor",
};

/** Of the range of the float outputs, zero included: some networks hardly vary. */
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

  const compile = (name: string) => compilePublicNetwork(folderOf(name), SUPPORTED[name]);

  async function readExpected(name: string) {
    const file = await readFile(path.join(folderOf(name), "expected.json"), "utf8");
    return at(expectedSchema.parse(JSON.parse(file)).outputs, 0);
  }

  for (const name of Object.keys(SUPPORTED)) {
    it(`${name} gives what onnxruntime gives, nearly that in integers, and a witness`, async () => {
      const { network, graph, circuit, samples } = await compile(name);
      const floats = samples.map((sample) => runNetwork(network, sample).outputs);
      const { dims, data } = await readExpected(name);
      expect(network.output.shape).to.deep.equal(dims);
      expectClose(at(floats, 0), data, 1e-6);

      const range = Math.max(0, ...floats.flat()) - Math.min(0, ...floats.flat());
      const inputs = samples.map((sample) => quantiseTensor(graph.input, sample));
      inputs.forEach((input, index) => {
        const outputs = runIntegerGraph(graph, input).outputs.map((y) => y * graph.output.scale);
        expectClose(Array.from(outputs), at(floats, index), TOLERANCE * range);
      });

      const input = encodeTensor(graph.input, at(inputs, 0));
      requireSatisfied(circuit, proveRun(graph, circuit, { input, context: CONTEXT }).witness);
    });
  }

  it("are all supported or known not to be", async () => {
    const entries = await readdir(folderOf(""), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    expect(names).to.have.members([...Object.keys(SUPPORTED), ...Object.keys(REFUSED)]);
  });

  for (const [name, obstacle] of Object.entries(REFUSED)) {
    it(`${name} is refused: ${obstacle}`, async () => {
      const error = await refusalOf(() => compile(name));
      expect(error.message).to.contain(obstacle);
    });
  }
});

function expectClose(actual: readonly number[], wanted: readonly number[], delta: number): void {
  expect(actual).to.have.length(wanted.length);
  wanted.forEach((value, index) => expect(at(actual, index)).to.be.closeTo(value, delta));
}

async function refusalOf(action: () => Promise<unknown>): Promise<ZkmlError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
