import { expect } from "chai";
import { node, tensor, int64s } from "../../onnx/build.ts";
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
      const constants = { c: weights(2), zero: tensor([], [0]) };
      const error = refusal(single(operator, { ...pair, inputs, constants }));
      expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
      expect(error.message).to.contain(`"y" (${operator}) ${message}`);
    });
  }

  it("refuses to divide computed integers, whose fractions would have to go", () => {
    const error = refusal({
      input: { type: "uint8", shape: [2] },
      output: floats(2),
      nodes: [node("Cast", ["x"], "i", { to: 6 }), node("Div", ["i", "two"], "y")],
      initializers: { two: { shape: [1], type: "int32", values: Float64Array.of(2) } },
    });
    expect(error.message).to.contain("divides computed integers");
  });

  it("refuses the broadcasting of old opsets", () => {
    const parts = { ...pair, opset: 6, attributes: { broadcast: 1 }, constants: { c: weights(2) } };
    expect(refusal(single("Add", parts)).message).to.contain('attribute "broadcast"');
  });

  it("refuses stacks of matrices that do not broadcast", () => {
    const parts = { input: [2, 3, 4], output: [2, 3, 1], constants: { w: weights(3, 4, 1) } };
    expect(refusal(single("MatMul", parts)).code).to.equal("ONNX_SHAPE_MISMATCH");
  });
});
