import { expect } from "chai";
import { proveRun, requireSatisfied } from "../../circuit/witness.ts";
import { at, listOf } from "../../arrays.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { dequantiseTensors, encodeTensors, quantiseTensors } from "../../integer/tensor-spec.ts";
import { decodeGraph, encodeGraph } from "../../integer/graph-file.ts";
import { compileModel, type CompiledModel } from "../../model/compile-model.ts";
import { float, node, tensor } from "../../onnx/build.ts";
import { CONTEXT } from "../../testing/context.ts";
import { singleWireForgeries } from "../../testing/forgery.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import {
  expectLikeOnnxruntime,
  floats,
  positives,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";
import { seededRandom } from "../../random.ts";
import { runNetwork } from "../network.ts";

const random = seededRandom(21);

/** Inputs are between -3 and 3; some functions need others. */
function of(
  operator: string,
  brought: "anything" | "positive" | "unit" = "anything",
): NetworkParts {
  const input = { input: floats(1, 4), output: floats(1, 4) };
  const bring = {
    anything: [],
    positive: [node("Abs", ["x"], "a"), node("Add", ["a", "c"], "b")],
    unit: [node("Mul", ["x", "c"], "b")],
  }[brought];
  const last = node(operator, [brought === "anything" ? "x" : "b"], "y");
  const initializers = { c: tensor([1], [brought === "unit" ? 0.3 : 0.5]) };
  return { ...input, nodes: [...bring, last], initializers };
}

const rows = { input: [2, 4], output: [2, 4] };
const planes = { input: [2, 2, 3], output: [2, 2, 3] };

const CASES: Readonly<Record<string, NetworkParts>> = {
  Sigmoid: of("Sigmoid"),
  Tanh: of("Tanh"),
  Erf: of("Erf"),
  Exp: of("Exp"),
  Sin: of("Sin"),
  Cos: of("Cos"),
  Atan: of("Atan"),
  Tan: of("Tan", "unit"),
  Asin: of("Asin", "unit"),
  Acos: of("Acos", "unit"),
  Log: of("Log", "positive"),
  Sqrt: of("Sqrt", "positive"),
  Reciprocal: of("Reciprocal", "positive"),
  Elu: single("Elu", { ...rows, attributes: { alpha: float(0.7) } }),
  Celu: single("Celu", { ...rows, attributes: { alpha: float(1.5) } }),
  Selu: single("Selu", rows),
  Gelu: single("Gelu", { ...rows, opset: 20 }),
  HardSwish: single("HardSwish", { ...rows, opset: 14 }),
  Mish: single("Mish", { ...rows, opset: 18 }),
  Softplus: single("Softplus", rows),
  Softsign: single("Softsign", rows),
  "Mul of computed tensors": single("Mul", { ...rows, inputs: ["x", "x"] }),
  "Div by a computed tensor": {
    input: floats(3),
    output: floats(3),
    nodes: [node("Abs", ["x"], "a"), node("Add", ["a", "c"], "b"), node("Div", ["x", "b"], "y")],
    initializers: { c: tensor([1], [1]) },
  },
  "Pow by products": single("Pow", { ...rows, constants: { e: tensor([4], [0, 1, 2, 3]) } }),
  "Pow out of a table": {
    ...of("Pow", "positive"),
    nodes: [node("Abs", ["x"], "a"), node("Add", ["a", "c"], "b"), node("Pow", ["b", "e"], "y")],
    initializers: { c: tensor([1], [0.5]), e: tensor([], [-0.4]) },
  },
  Softmax: single("Softmax", rows),
  "Softmax along the first axis": single("Softmax", { ...rows, attributes: { axis: 0 } }),
  LogSoftmax: single("LogSoftmax", rows),
  "Softmax over rows, up to opset 12": single("Softmax", { ...planes, opset: 12 }),
  "Softmax over rows from another axis": single("Softmax", {
    ...planes,
    opset: 11,
    attributes: { axis: 2 },
  }),
  "LogSoftmax over rows, up to opset 12": single("LogSoftmax", { ...planes, opset: 9 }),
  InstanceNormalization: single("InstanceNormalization", {
    input: [1, 2, 2, 3],
    output: [1, 2, 2, 3],
    constants: { s: positives(2), b: weights(2) },
  }),
  LayerNormalization: single("LayerNormalization", {
    input: [2, 6],
    output: [2, 6],
    constants: { s: positives(6), b: weights(6) },
    opset: 17,
  }),
};

/** A variance of few elements comes close to zero, where its root's reciprocal is steep. */
const TOLERANCES: Readonly<Record<string, number>> = {
  InstanceNormalization: 0.03,
  LayerNormalization: 0.03,
};

/** Largest error of the integers on inputs of calibration's kind, of the range of the float outputs. */
function relativeError({ graph, network }: CompiledModel, inputs: readonly number[][]): number {
  let [worst, low, high] = [0, Infinity, -Infinity];
  for (const input of inputs) {
    const run = runIntegerGraph(graph, quantiseTensors(graph.inputs, input));
    const found = dequantiseTensors(graph.outputs, run.outputs).flat();
    const floats = runNetwork(network, input).outputs.flat();
    floats.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(at(found, i) - value));
      [low, high] = [Math.min(low, value), Math.max(high, value)];
    });
  }
  return worst / (high - low);
}

describe("what is neither linear nor a rectifier", () => {
  for (const [name, parts] of Object.entries(CASES)) {
    it(`${name}: floats as onnxruntime, integers close to them, a witness for each`, async () => {
      await expectLikeOnnxruntime(parts);
      const size = parts.input.shape.reduce((product, length) => product * length, 1);
      const sample = () => listOf(size, () => (2 * random() - 1) * 3);
      const model = compileModel(onnxFile(parts), {
        samples: listOf(200, sample),
        inputType: "int16",
      });
      const unseen = listOf(40, sample);
      expect(relativeError(model, unseen)).to.be.below(TOLERANCES[name] ?? 0.01);
      const graph = decodeGraph(encodeGraph(model.graph));
      for (const values of unseen.slice(0, 3)) {
        const input = encodeTensors(graph.inputs, quantiseTensors(graph.inputs, values));
        const { witness } = proveRun(graph, model.circuit, { input, context: CONTEXT });
        requireSatisfied(model.circuit, witness);
      }
    });
  }

  it("pins every wire of a softmax", () => {
    const parts = single("Softmax", { input: [1, 2], output: [1, 2] });
    const sample = () => listOf(2, () => (2 * random() - 1) * 3);
    const { graph, circuit } = compileModel(onnxFile(parts), { samples: listOf(30, sample) });
    const input = encodeTensors(graph.inputs, quantiseTensors(graph.inputs, sample()));
    const { witness } = proveRun(graph, circuit, { input, context: CONTEXT });
    expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
  });

  it("takes arguments beyond the samples as the end of the table", () => {
    const { graph } = compileModel(onnxFile(of("Exp")), {
      samples: [[0, 0.5, 1, 1]],
      inputType: "int16",
    });
    const largest = quantiseTensors(graph.inputs, [1, 1, 1, 1]);
    const run = runIntegerGraph(graph, largest);
    const [[exponential = NaN] = []] = dequantiseTensors(graph.outputs, run.outputs);
    expect(exponential).to.be.closeTo(Math.E, 0.02);
  });

  it("says where a function is not defined", () => {
    const file = onnxFile(of("Log"));
    expect(() => compileModel(file, { samples: [[-1, 1, 2, 3]] })).to.throw(
      /not defined everywhere/,
    );
  });

  it("refuses normalisations whose constants do not fit", () => {
    const parts = single("LayerNormalization", {
      ...rows,
      constants: { s: positives(3) },
      opset: 17,
    });
    expect(refusal(parts).message).to.contain("has 3 values for 4 elements");
  });
});
