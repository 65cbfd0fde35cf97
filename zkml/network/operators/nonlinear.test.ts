import { expect } from "chai";
import { listOf } from "../../arrays.ts";
import { proveRun } from "../../circuit/witness.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { dequantiseTensors, encodeTensors, quantiseTensors } from "../../integer/tensor-spec.ts";
import { compileModel } from "../../model/compile-model.ts";
import { float, node, tensor } from "../../onnx/build.ts";
import { seededRandom } from "../../random.ts";
import { itIsCloseInIntegers } from "../../testing/close-integers.ts";
import { CONTEXT } from "../../testing/context.ts";
import { singleWireForgeries } from "../../testing/forgery.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import { floats, single } from "../../testing/onnxruntime.ts";

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
  Sinh: of("Sinh"),
  Cosh: of("Cosh"),
  Asinh: of("Asinh"),
  Atanh: of("Atanh", "unit"),
  Acosh: {
    ...of("Acosh", "positive"),
    initializers: { c: tensor([1], [1.25]) },
  },
  "Gelu by tanh": single("Gelu", { ...rows, opset: 20, attributes: { approximate: "tanh" } }),
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
};

describe("what is neither linear nor a rectifier", () => {
  // Weights of 8 bits round the distance to a maximum of six; the compiler chooses more for it by itself.
  itIsCloseInIntegers(CASES, { "LogSoftmax over rows, up to opset 12": 0.015 });

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
});
