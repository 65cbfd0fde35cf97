import { expect } from "chai";
import { node, tensor, int64s } from "../../onnx/build.ts";
import {
  folded,
  floats,
  itAgreesWithOnnxruntime,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

const input = [2, 3, 4];

describe("reduction", () => {
  itAgreesWithOnnxruntime({
    "ReduceSum over axes given as an input": single("ReduceSum", {
      input,
      output: [2, 1, 1],
      constants: { axes: int64s(1, -1) },
    }),
    "ReduceSum over axes given as an attribute": single("ReduceSum", {
      input,
      output: [3],
      opset: 11,
      attributes: { axes: [-1, 0], keepdims: 0 },
    }),
    "ReduceSum over everything": single("ReduceSum", {
      input,
      output: [],
      attributes: { keepdims: 0 },
    }),
    "ReduceSum over no axes, as a no-op": single("ReduceSum", {
      input,
      output: input,
      attributes: { noop_with_empty_axes: 1 },
      constants: { axes: int64s() },
    }),
    "ReduceSum over an empty list of axes, which means all": single("ReduceSum", {
      input,
      output: [1, 1, 1],
      constants: { axes: int64s() },
    }),
    "ReduceMean over axes given as an attribute": single("ReduceMean", {
      input,
      output: [2, 4],
      attributes: { axes: [1], keepdims: 0 },
    }),
    "ReduceMean over axes given as an input": single("ReduceMean", {
      input,
      output: [2, 3, 1],
      opset: 18,
      constants: { axes: int64s(-1) },
    }),
    "ReduceMax over an axis": single("ReduceMax", {
      input,
      output: [2, 1, 4],
      attributes: { axes: [-2] },
    }),
    "ReduceMax over everything": single("ReduceMax", { input, output: [1, 1, 1] }),
    "ReduceMin over axes": single("ReduceMin", {
      input,
      output: [3],
      attributes: { axes: [0, 2], keepdims: 0 },
    }),
    "ReduceMin over axes given as an input": single("ReduceMin", {
      input,
      output: [2, 3],
      opset: 18,
      attributes: { keepdims: 0 },
      constants: { axes: int64s(2) },
    }),
    "ReduceL1 over an axis": single("ReduceL1", {
      input,
      output: [2, 3],
      attributes: { axes: [2], keepdims: 0 },
    }),
    "ReduceLogSum of positive elements": {
      input: floats(2, 3),
      output: floats(2, 1),
      nodes: [
        node("Abs", ["x"], "a"),
        node("Add", ["a", "c"], "b"),
        node("ReduceLogSum", ["b"], "y", { axes: [1] }),
      ],
      initializers: { c: tensor([], [0.5]) },
    },
    "ReduceL1 of a tensor without axes": single("ReduceL1", { input: [], output: [] }),
    "ReduceProd of constants": folded("ReduceProd", {
      output: [2],
      attributes: { axes: [1], keepdims: 0 },
      constants: { c: weights(2, 3) },
    }),
    "ReduceMax of constants": folded("ReduceMax", {
      output: [2],
      attributes: { axes: [1], keepdims: 0 },
      constants: { c: weights(2, 3) },
    }),
    CumSum: single("CumSum", { input, output: input, constants: { axis: tensorOf(1) } }),
    "CumSum of what comes before": single("CumSum", {
      input,
      output: input,
      attributes: { exclusive: 1 },
      constants: { axis: tensorOf(-1) },
    }),
    "CumSum from the end": single("CumSum", {
      input,
      output: input,
      attributes: { reverse: 1 },
      constants: { axis: tensorOf(0) },
    }),
    "CumSum of what comes after": single("CumSum", {
      input,
      output: input,
      attributes: { reverse: 1, exclusive: 1 },
      constants: { axis: tensorOf(2) },
    }),
  });

  describe("of each element alone, over no axes as a no-op", () => {
    const shape = [2, 3];
    const attributes = { noop_with_empty_axes: 1 };
    const over = (operator: string) =>
      single(operator, { input: shape, output: shape, opset: 18, attributes });
    itAgreesWithOnnxruntime({
      ...Object.fromEntries(
        ["L1", "L2", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"].map((name) => [
          `Reduce${name}`,
          over(`Reduce${name}`),
        ]),
      ),
      "ReduceLogSum of positive elements": {
        opset: 18,
        input: floats(...shape),
        output: floats(...shape),
        nodes: [
          node("Abs", ["x"], "a"),
          node("Add", ["a", "c"], "b"),
          node("ReduceLogSum", ["b"], "y", attributes),
        ],
        initializers: { c: tensor([], [0.5]) },
      },
      "ReduceSumSquare without its axes": single("ReduceSumSquare", {
        input: shape,
        output: shape,
        opset: 18,
        attributes: { ...attributes, keepdims: 0 },
        constants: { axes: int64s() },
      }),
      "ReduceMean of whole numbers": {
        opset: 18,
        input: { type: "int64", shape },
        output: { type: "int64", shape },
        nodes: [node("ReduceMean", ["x"], "y", attributes)],
      },
    });
  });

  it("refuses means of several integers", () => {
    const integers = { type: "int64", shape: [2] } as const;
    const nodes = [node("ReduceMean", ["x"], "y")];
    const error = refusal({ input: integers, output: { type: "int64", shape: [1] }, nodes });
    expect(error.message).to.contain("averages integers");
  });

  it("refuses an axis that is not there", () => {
    const error = refusal(single("ReduceMax", { input, output: [], attributes: { axes: [3] } }));
    expect(error.code).to.equal("ONNX_SHAPE_MISMATCH");
    expect(error.message).to.contain("has axis 3, but its input has 3 dimensions");
  });

  it("refuses axes that are computed", () => {
    const nodes = [node("ReduceSum", ["x", "x"], "y")];
    const error = refusal({ input: floats(2), output: floats(1), nodes });
    expect(error.message).to.contain("takes its axes from a computed tensor");
  });
});

function tensorOf(value: number) {
  return { ...tensor([], [value]), type: "int64" as const };
}
