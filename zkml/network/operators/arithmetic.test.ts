import { expect } from "chai";
import { runIntegerGraph } from "../../integer/run.ts";
import { compileModel } from "../../model/compile-model.ts";
import { int64s, node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES } from "../../onnx/schema.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import {
  floats,
  folded,
  itAgreesWithOnnxruntime,
  positives,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

const grid = { input: [2, 1, 3], output: [2, 4, 3] };

describe("arithmetic", () => {
  itAgreesWithOnnxruntime({
    "MatMul of two computed tensors": {
      input: floats(2, 3),
      output: floats(2, 2),
      nodes: [node("Transpose", ["x"], "t", { perm: [1, 0] }), node("MatMul", ["x", "t"], "y")],
    },
    "Sub of a constant": single("Sub", { ...grid, constants: { c: weights(4, 1) } }),
    "Sub from a constant": single("Sub", {
      ...grid,
      inputs: ["c", "x"],
      constants: { c: weights(4, 1) },
    }),
    "Mul by a constant": single("Mul", { ...grid, constants: { c: weights(4, 3) } }),
    "Mul of a constant": single("Mul", {
      ...grid,
      inputs: ["c", "x"],
      constants: { c: weights(4, 1) },
    }),
    "Div by a constant": single("Div", { ...grid, constants: { c: positives(4, 1) } }),
    Neg: single("Neg", { input: [5], output: [5] }),
    "Sum of three": single("Sum", {
      ...grid,
      inputs: ["x", "c", "x"],
      constants: { c: weights(4, 1) },
    }),
    "Sum of one": single("Sum", { input: [3], output: [3] }),
    "Mean of three": single("Mean", {
      ...grid,
      constants: { c: weights(4, 1), d: weights(3) },
    }),
    "differences that cancel": {
      input: floats(3),
      output: floats(3),
      nodes: [
        node("Sub", ["x", "x"], "zero"),
        node("Mul", ["zero", "c"], "still"),
        node("Add", ["still", "c"], "y"),
      ],
      initializers: { c: weights(3) },
    },
    "Div of constants": folded("Div", {
      output: [4],
      constants: { a: weights(4), b: positives(4) },
    }),
    "Div of integers, which drops fractions": folded("Div", {
      output: [4],
      constants: { a: int64s(7, -7, 7, -7), b: int64s(2, 2, -2, -2) },
    }),
    "MatMul of stacks that broadcast": single("MatMul", {
      input: [2, 1, 3, 4],
      output: [2, 5, 3, 2],
      constants: { w: weights(5, 4, 2) },
    }),
    "MatMul of a constant stack": single("MatMul", {
      input: [4, 2],
      output: [5, 3, 2],
      inputs: ["w", "x"],
      constants: { w: weights(5, 3, 4) },
    }),
    "MatMul of a vector and a stack": single("MatMul", {
      input: [4],
      output: [5, 2],
      constants: { w: weights(5, 4, 2) },
    }),
    "Div of integers by constants": {
      input: { type: "int64", shape: [4, 4] },
      output: { type: "int64", shape: [4, 4] },
      nodes: [node("Mul", ["x", "five"], "m"), node("Div", ["m", "c"], "y")],
      initializers: { five: int64s(5), c: int64s(2, -3, 7, 1) },
    },
    "Pow of constants": single("Pow", {
      input: [2, 3],
      output: [2, 3],
      inputs: ["c", "x"],
      constants: { c: tensor([3], [2, 0.5, 1]) },
    }),
    "MatMul of two vectors": single("MatMul", {
      input: [4],
      output: [],
      constants: { w: weights(4) },
    }),
  });

  const pair = { input: [2], output: [2] };
  const refusals: Record<string, [operator: string, inputs: string[], message: string]> = {
    "a computed power": ["Pow", ["c", "x"], "raises to a computed power"],
    "a division by zero": ["Div", ["x", "zero"], "divides by zero"],
  };
  for (const [name, [operator, inputs, message]] of Object.entries(refusals)) {
    it(`refuses ${name}`, () => {
      const constants = { c: tensor([2], [-1, 2]), zero: tensor([], [0]) };
      const error = refusal(single(operator, { ...pair, inputs, constants }));
      expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
      expect(error.message).to.contain(`"y" (${operator}) ${message}`);
    });
  }

  it("divides integers by constants without their fractions, exactly", () => {
    const parts: NetworkParts = {
      input: { type: "int8", shape: [1] },
      output: { type: "int32", shape: [3] },
      nodes: [node("Cast", ["x"], "i", { to: ELEMENT_TYPES.int32 }), node("Div", ["i", "c"], "y")],
      initializers: { c: { shape: [3], type: "int32", values: Float64Array.of(3, -7, 1) } },
    };
    const { graph } = compileModel(onnxFile(parts), { samples: [[-128], [127]] });
    for (let x = -128; x <= 127; x++) {
      const wanted = [Math.trunc(x / 3), Math.trunc(x / -7), x].map((value) => value + 0);
      expect(Array.from(runIntegerGraph(graph, [x]).outputs)).to.deep.equal(wanted);
    }
  });

  it("refuses to divide integers by computed ones", () => {
    const error = refusal({
      input: { type: "int32", shape: [2] },
      output: { type: "int32", shape: [2] },
      nodes: [node("Div", ["x", "x"], "y")],
    });
    expect(error.message).to.contain("divides by a computed tensor");
  });

  it("refuses the broadcasting of old opsets", () => {
    const parts = { ...pair, opset: 7, attributes: { broadcast: 1 }, constants: { c: weights(2) } };
    expect(refusal(single("Add", parts)).message).to.contain('attribute "broadcast"');
  });

  it("refuses stacks of matrices that do not broadcast", () => {
    const parts = { input: [2, 3, 4], output: [2, 3, 1], constants: { w: weights(3, 4, 1) } };
    expect(refusal(single("MatMul", parts)).code).to.equal("ONNX_SHAPE_MISMATCH");
  });
});
