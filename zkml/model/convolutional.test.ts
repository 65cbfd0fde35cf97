import { expect } from "chai";
import { at, listOf } from "../arrays.ts";
import { proveRun, requireSatisfied } from "../circuit/witness.ts";
import { infer, runIntegerGraph } from "../integer/run.ts";
import { dequantiseTensors } from "../integer/tensor-spec.ts";
import { runNetwork } from "../network/network.ts";
import { float, node } from "../onnx/build.ts";
import { CONTEXT } from "../testing/context.ts";
import { onnxFile, randomBytes, randomTensor } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import { compileModel } from "./compile-model.ts";

const random = seededRandom(23);

/** Two convolutions on a picture of 10 × 10 bytes, with all that usually stands around them. */
const FILE = onnxFile({
  input: { type: "uint8", shape: [1, 1, 10, 10] },
  output: { type: "float", shape: [1, 4] },
  nodes: [
    node("Cast", ["x"], "pixels", { to: 1 }),
    node("Mul", ["pixels", "unit"], "light"),
    node("Conv", ["light", "w1", "b1"], "c1", { pads: [1, 1, 1, 1] }),
    node("BatchNormalization", ["c1", "scale", "bias", "mean", "variance"], "n1"),
    node("LeakyRelu", ["n1"], "r1", { alpha: float(0.1) }),
    node("MaxPool", ["r1"], "p1", { kernel_shape: [2, 2], strides: [2, 2] }),
    node("Conv", ["p1", "w2", "b2"], "c2"),
    node("Clip", ["c2", "zero", "six"], "r2"),
    node("GlobalAveragePool", ["r2"], "p2"),
    node("Flatten", ["p2"], "f"),
    node("Gemm", ["f", "w3", "b3"], "y", { transB: 1 }),
  ],
  initializers: {
    unit: { shape: [], type: "float", values: Float64Array.of(Math.fround(1 / 255)) },
    w1: randomTensor([3, 1, 3, 3], random, 1),
    b1: randomTensor([3], random, 0.5),
    scale: { shape: [3], type: "float", values: Float64Array.of(1, 0.5, 2) },
    bias: randomTensor([3], random, 0.5),
    mean: randomTensor([3], random, 0.5),
    variance: { shape: [3], type: "float", values: Float64Array.of(1, 0.25, 2) },
    w2: randomTensor([5, 3, 3, 3], random, 1),
    b2: randomTensor([5], random, 0.5),
    zero: { shape: [], type: "float", values: Float64Array.of(0) },
    six: { shape: [], type: "float", values: Float64Array.of(6) },
    w3: randomTensor([4, 5], random, 1),
    b3: randomTensor([4], random, 0.5),
  },
});

describe("a convolutional network", () => {
  const samples = listOf(20, () => randomBytes(100, random));
  const { network, graph, circuit } = compileModel(FILE, { samples });

  it("says in integers nearly what it says in floating point, also on inputs it has not seen", () => {
    const unseen = listOf(20, () => randomBytes(100, random));
    const floats = unseen.map((input) => runNetwork(network, input).outputs.flat());
    const range = Math.max(...floats.flat()) - Math.min(...floats.flat());
    unseen.forEach((input, index) => {
      const { outputs } = runIntegerGraph(graph, input);
      const found = dequantiseTensors(graph.outputs, outputs).flat();
      at(floats, index).forEach((value, k) => {
        expect(at(found, k)).to.be.closeTo(value, 0.02 * range);
      });
    });
  });

  it("has a witness for every run, with the integer graph's output bit for bit", () => {
    for (const input of [
      ...samples.slice(0, 3),
      new Uint8Array(100),
      new Uint8Array(100).fill(255),
    ]) {
      const run = proveRun(graph, circuit, { input, context: CONTEXT });
      requireSatisfied(circuit, run.witness);
      expect(run.output).to.deep.equal(infer(graph, input));
    }
  });
});
