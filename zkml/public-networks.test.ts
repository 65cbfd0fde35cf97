import { readdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import { at } from "./arrays.ts";
import { readVector, variations } from "./corpus/vector.ts";
import { requireSatisfied, proveRun } from "./circuit/witness.ts";
import type { StatementContext } from "./circuit/statement.ts";
import { dequantiseTensors, encodeTensors, quantiseTensors } from "./integer/tensor-spec.ts";
import type { QuantisationOptions } from "./integer/quantise.ts";
import { rangeWithZero, TOLERANCE } from "./inspect/tolerance.ts";
import { runIntegerGraph } from "./integer/run.ts";
import { compileModel } from "./model/compile-model.ts";
import { runNetwork } from "./network/network.ts";

/** The networks, and the precision they need, if not the usual. */
const PRECISION: Readonly<Record<string, QuantisationOptions>> = {
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
  boolean_identity: {},
  eye: {},
  idolmodel: {},
  lightgbm: {},
  log_softmax: {},
  lstm: {},
  ltsf: {},
  max: { inputType: "int16" },
  oh_decision_tree: {},
  min: { inputType: "int16" },
  prelu_gmm: { inputType: "int16", weightBits: 12 },
  rnn: {},
  trig: {},
  variable_cnn: {},
};

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
    const { onnx, inputs, outputs } = await readVector(folderOf(name));
    const samples = variations(inputs.flat());
    const options = { samples, dimensions: { batch_size: 1 }, ...PRECISION[name] };
    return { ...compileModel(onnx, options), samples, expected: outputs };
  }

  for (const name of Object.keys(PRECISION)) {
    it(`${name} gives what onnxruntime gives, nearly that in integers, and a witness`, async () => {
      const { network, graph, circuit, samples, expected } = await compile(name);
      const floats = samples.map((sample) => runNetwork(network, sample).outputs);
      expect(network.outputs.map(({ shape }) => shape)).to.deep.equal(
        expected.map(({ dims }) => dims),
      );
      expected.forEach(({ data }, k) => {
        expectClose(at(at(floats, 0), k), data, 1e-6);
      });

      const inputs = samples.map((sample) => quantiseTensors(graph.inputs, sample));
      inputs.forEach((input, index) => {
        const found = dequantiseTensors(graph.outputs, runIntegerGraph(graph, input).outputs);
        found.forEach((tensor, k) => {
          const tolerance = TOLERANCE * rangeWithZero(floats.flatMap((outputs) => at(outputs, k)));
          expectClose(tensor, at(at(floats, index), k), tolerance);
        });
      });

      const input = encodeTensors(graph.inputs, at(inputs, 0));
      requireSatisfied(circuit, proveRun(graph, circuit, { input, context: CONTEXT }).witness);
    });
  }

  it("are all supported", async () => {
    const entries = await readdir(folderOf(""), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    expect(names).to.have.members(Object.keys(PRECISION));
  });
});

function expectClose(actual: readonly number[], wanted: readonly number[], delta: number): void {
  expect(actual).to.have.length(wanted.length);
  wanted.forEach((value, index) => expect(at(actual, index)).to.be.closeTo(value, delta));
}
