import { expect } from "chai";
import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { lower } from "../network/lower.ts";
import { runNetwork, type Network } from "../network/network.ts";
import { int64s, node, tensor } from "../onnx/build.ts";
import { decodeOnnx } from "../onnx/decode.ts";
import { onnxFile, perceptronFile, randomBytes, randomTensor } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import { forEachEntry, type IntegerGraph } from "./graph.ts";
import { decodeGraph, encodeGraph } from "./graph-file.ts";
import { analyseIntervals } from "./intervals.ts";
import { quantise, type QuantisationOptions } from "./quantise.ts";
import { runIntegerGraph } from "./run.ts";
import { dequantiseTensors, quantiseTensors } from "./tensor-spec.ts";

const random = seededRandom(11);

function perceptron(sizes: readonly number[]): { network: Network; samples: Uint8Array[] } {
  const network = lower(decodeOnnx(perceptronFile(sizes, random)));
  return { network, samples: Array.from({ length: 50 }, () => randomBytes(at(sizes, 0), random)) };
}

/** Largest output error on the samples, relative to the range of outputs. */
function relativeError(
  network: Network,
  graph: IntegerGraph,
  inputs: readonly ArrayLike<number>[],
): number {
  let [worst, lowest, highest] = [0, Infinity, -Infinity];
  for (const input of inputs) {
    const outputs = runNetwork(network, input).outputs.flat();
    const run = runIntegerGraph(graph, quantiseTensors(graph.inputs, input));
    const found = dequantiseTensors(graph.outputs, run.outputs).flat();
    outputs.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(at(found, i) - value));
    });
    lowest = Math.min(lowest, ...outputs);
    highest = Math.max(highest, ...outputs);
  }
  return worst / (highest - lowest);
}

describe("quantise", () => {
  it("stays close to the float network on inputs it has not seen", () => {
    const { network, samples } = perceptron([40, 24, 12, 5]);
    const graph = quantise(network, samples);
    const unseen = Array.from({ length: 200 }, () => randomBytes(40, random));
    expect(relativeError(network, graph, unseen)).to.be.below(0.005);
  });

  it("gets closer with more bits", () => {
    const { network, samples } = perceptron([40, 24, 5]);
    const errors = [4, 8, 12].map((weightBits) =>
      relativeError(
        network,
        quantise(network, samples, { weightBits, activationBits: 14 }),
        samples,
      ),
    );
    expect(at(errors, 0)).to.be.above(4 * at(errors, 1));
    expect(at(errors, 1)).to.be.above(4 * at(errors, 2));
  });

  it("calibrates the scale of a float input, and says how its integers read", () => {
    const file = onnxFile({
      input: { type: "float", shape: [1, 6] },
      output: { type: "float", shape: [1, 2] },
      nodes: [node("MatMul", ["x", "w"], "s"), node("Relu", ["s"], "y")],
      initializers: { w: randomTensor([6, 2], random, 1) },
    });
    const network = lower(decodeOnnx(file));
    const samples = Array.from({ length: 100 }, () => randomTensor([6], random, 5).values);
    const graph = quantise(network, samples, { inputType: "int16" });
    const [input] = graph.inputs;
    expect(input?.type).to.equal("int16");
    expect(input?.scale).to.be.closeTo(5 / 32_767, 1e-5);
    expect(relativeError(network, graph, samples)).to.be.below(0.005);
  });

  it("reproduces a residual connection, whose sides have different scales", () => {
    const file = onnxFile({
      input: { type: "uint8", shape: [1, 8] },
      output: { type: "float", shape: [1, 8] },
      nodes: [
        node("Cast", ["x"], "f", { to: 1 }),
        node("MatMul", ["f", "w"], "s"),
        node("Relu", ["s"], "r"),
        node("Add", ["r", "f"], "y"),
      ],
      initializers: { w: randomTensor([8, 8], random, 0.1) },
    });
    const network = lower(decodeOnnx(file));
    const samples = Array.from({ length: 50 }, () => randomBytes(8, random));
    expect(relativeError(network, quantise(network, samples), samples)).to.be.below(0.005);
  });

  it("keeps the weight of a rectifier that no sample opens", () => {
    const file = onnxFile({
      input: { type: "uint8", shape: [1, 8] },
      output: { type: "float", shape: [1, 1] },
      nodes: [
        node("Cast", ["x"], "f", { to: 1 }),
        node("Gemm", ["f", "w", "b"], "s"),
        node("Relu", ["s"], "r"),
        node("MatMul", ["r", "v"], "h"),
        node("Relu", ["h"], "y"),
      ],
      initializers: {
        w: tensor(
          [8, 2],
          Array.from({ length: 16 }, (_, i) => 1.5 + 0.01 * Math.sin(i)),
        ),
        // The second opens where all inputs are above 200.
        b: tensor([2], [0, -2400]),
        v: tensor([2, 1], [1, 0.3]),
      },
    });
    const network = lower(decodeOnnx(file));
    const samples = Array.from({ length: 50 }, () => randomBytes(8, random).map((x) => x >> 1));
    const graph = quantise(network, samples, { weightBits: 12, activationBits: 10 });
    const bright = [220, 240, 255].map((x) => new Uint8Array(8).fill(x));
    expect(relativeError(network, graph, [...samples, ...bright])).to.be.below(0.01);
  });

  it("does not round apart what cancels, where a constant stands beside it", () => {
    const file = onnxFile({
      input: { type: "float", shape: [1, 6] },
      output: { type: "float", shape: [1, 6] },
      nodes: [node("Abs", ["x"], "a"), node("Add", ["a", "c"], "s"), node("Mul", ["s", "s"], "y")],
      initializers: { c: tensor([], [0.4]) },
    });
    const network = lower(decodeOnnx(file));
    const samples = Array.from({ length: 50 }, () => randomTensor([6], random, 3).values);
    // Weights of 8 bits in the proportion of 127 to 63 would be off by 0.8 %, and their product by twice that.
    const graph = quantise(network, samples, { inputType: "int16" });
    expect(relativeError(network, graph, samples)).to.be.below(0.002);
  });

  it("keeps maxima exact while they fit, with the smallest weights", () => {
    const file = onnxFile({
      input: { type: "uint8", shape: [1, 8] },
      output: { type: "float", shape: [1, 1] },
      nodes: [node("Cast", ["x"], "f", { to: 1 }), node("ReduceMax", ["f"], "y", { axes: [1] })],
    });
    const network = lower(decodeOnnx(file));
    const samples = Array.from({ length: 50 }, () => randomBytes(8, random));
    const graph = quantise(network, samples);
    const weights = graph.layers.flatMap(({ rows }) => Array.from(rows.weights, Math.abs));
    expect(new Set(weights)).to.deep.equal(new Set([1]));
    for (const sample of samples) {
      const { outputs } = runIntegerGraph(graph, sample);
      const [[largest = NaN] = []] = dequantiseTensors(graph.outputs, outputs);
      expect(largest).to.be.closeTo(Math.max(...sample), 1e-9);
    }
  });

  it("does not let constant outputs coarsen the others", () => {
    const file = onnxFile({
      input: { type: "float", shape: [1] },
      output: { type: "float", shape: [3] },
      nodes: [node("Mul", ["x", "tiny"], "t"), node("Pad", ["t", "pads", "one"], "y")],
      initializers: { tiny: tensor([1], [1e-6]), pads: int64s(1, 1), one: tensor([], [1e-6]) },
    });
    const network = lower(decodeOnnx(file));
    const graph = quantise(network, [[1]]);
    const { outputs } = runIntegerGraph(graph, [127]);
    for (const output of dequantiseTensors(graph.outputs, outputs).flat()) {
      expect(output).to.be.closeTo(1e-6, 1e-9);
    }
  });

  it("gives the same bytes each time, and reads them back", () => {
    const { network, samples } = perceptron([10, 6, 3]);
    const file = encodeGraph(quantise(network, samples));
    expect(encodeGraph(quantise(network, samples))).to.deep.equal(file);
    expect(encodeGraph(decodeGraph(file))).to.deep.equal(file);
  });

  it("refuses a graph file that was changed", () => {
    const { network, samples } = perceptron([4, 3, 2]);
    const text = new TextDecoder().decode(encodeGraph(quantise(network, samples)));
    for (const broken of [
      text.slice(0, -5),
      text.replace('"uint8"', '"uint9"'),
      text.replace('"starts":[0', '"starts":[0,0'),
    ]) {
      expect(() => decodeGraph(new TextEncoder().encode(broken)))
        .to.throw(ZkmlError)
        .with.property("code", "FILE_CORRUPTED");
    }
  });

  function failure(
    network: Network,
    samples: readonly ArrayLike<number>[],
    options?: QuantisationOptions,
  ): string {
    try {
      quantise(network, samples, options);
    } catch (error) {
      if (error instanceof ZkmlError) return error.code;
      throw error;
    }
    return "none";
  }

  it("refuses samples that do not fit the input", () => {
    const { network } = perceptron([4, 3, 2]);
    expect(failure(network, [])).to.equal("SAMPLES_INVALID");
    expect(failure(network, [[1, 2, 3]])).to.equal("SAMPLES_INVALID");
    expect(failure(network, [[1, 2, 3, NaN]])).to.equal("SAMPLES_INVALID");
  });

  it("refuses samples that are no values of an input of whole numbers", () => {
    const { network } = perceptron([2, 3, 2]);
    for (const sample of [
      [0.5, 1],
      [-1, 1],
      [1, 256],
    ])
      expect(failure(network, [[1, 1], sample])).to.equal("SAMPLES_INVALID");
    expect(failure(network, [[0, 255]])).to.equal("none");
  });

  it("refuses what cannot be held exactly", () => {
    const { network, samples } = perceptron([4, 3, 3, 3, 2]);
    expect(failure(network, samples, { weightBits: 16, activationBits: 52 })).to.equal(
      "RANGE_OVERFLOW",
    );
  });
});

describe("analyseIntervals", () => {
  const { network, samples } = perceptron([30, 16, 8, 4]);
  const graph = quantise(network, samples);
  const { sums, outputs } = analyseIntervals(graph);

  function expectInside(input: ArrayLike<number>): void {
    const trace = runIntegerGraph(graph, input);
    trace.sums.forEach((layer, k) => {
      layer.forEach((sum, row) => {
        const { low, high } = at(at(sums, k), row);
        expect(sum).to.be.within(low, high);
      });
    });
    trace.outputs.forEach((output, row) =>
      expect(output).to.be.within(at(outputs, row).low, at(outputs, row).high),
    );
  }

  it("bounds random inputs", () => {
    for (let i = 0; i < 200; i++) expectInside(randomBytes(30, random));
  });

  it("bounds extreme inputs", () => {
    expectInside(new Uint8Array(30));
    expectInside(new Uint8Array(30).fill(255));
    for (let i = 0; i < 200; i++)
      expectInside(Uint8Array.from({ length: 30 }, () => (random() < 0.5 ? 0 : 255)));
  });

  it("is exact in the first layer: an adversarial input reaches both ends of every row", () => {
    const [first] = graph.layers;
    if (first === undefined) throw new Error("the graph has no layer");
    at(sums, 0).forEach(({ low, high }, row) => {
      const raising = new Uint8Array(30);
      forEachEntry(first.rows, row, (variable, weight) => {
        raising[variable] = weight > 0 ? 255 : 0;
      });
      const lowering = raising.map((value) => 255 - value);
      expect(at(at(runIntegerGraph(graph, raising).sums, 0), row)).to.equal(high);
      // Variables that the row does not read take any value.
      expect(at(at(runIntegerGraph(graph, lowering).sums, 0), row)).to.equal(low);
    });
  });

  it("refuses sums beyond what doubles hold", () => {
    const file = onnxFile({
      input: { type: "uint8", shape: [1] },
      output: { type: "float", shape: [1] },
      nodes: [
        node("Cast", ["x"], "f", { to: 1 }),
        node("Add", ["f", "b"], "s"),
        node("Relu", ["s"], "y"),
      ],
      initializers: { b: tensor([1], [1e18]) },
    });
    expect(() => quantise(lower(decodeOnnx(file)), [[1]]))
      .to.throw(ZkmlError, "can reach")
      .with.property("code", "RANGE_OVERFLOW");
  });
});
