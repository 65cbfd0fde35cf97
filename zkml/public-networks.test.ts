import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import { at } from "./arrays.ts";
import { networksIn } from "./corpus/networks-in.ts";
import { readVector, variations } from "./corpus/vector.ts";
import { requireSatisfied, proveRun } from "./circuit/witness.ts";
import { CONTEXT } from "./testing/context.ts";
import { dequantiseTensors, encodeTensors, quantiseTensors } from "./integer/tensor-spec.ts";
import { rangeWithZero, TOLERANCE } from "./integer/tolerance.ts";
import { runIntegerGraph } from "./integer/run.ts";
import { compileModel } from "./model/compile-model.ts";
import { runNetwork } from "./network/network.ts";

const { VECTORS_DIR } = process.env;
const folder = path.join(VECTORS_DIR ?? "", "onnx");
const names = VECTORS_DIR === undefined ? [] : await networksIn(folder);

describe("public ONNX networks", function () {
  before(function () {
    if (VECTORS_DIR !== undefined) return;
    process.stdout.write("    set VECTORS_DIR to the folder of the test vectors to run these\n");
    this.skip();
  });

  async function compile(name: string) {
    const { onnx, inputs, outputs } = await readVector(path.join(folder, name));
    const samples = variations(inputs.flat());
    const options = { samples, dimensions: { batch_size: 1 } };
    return { ...compileModel(onnx, options), samples, expected: outputs };
  }

  it("are there", () => {
    expect(names).to.have.length.of.at.least(34);
  });

  for (const name of names) {
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
});

function expectClose(actual: readonly number[], wanted: readonly number[], delta: number): void {
  expect(actual).to.have.length(wanted.length);
  wanted.forEach((value, index) => expect(at(actual, index)).to.be.closeTo(value, delta));
}
