import { expect } from "chai";
import { float, node, tensor } from "../onnx/build.ts";
import type { NetworkParts } from "../testing/networks.ts";
import {
  floats,
  itAgreesWithOnnxruntime,
  lowered,
  refusal,
  weights,
} from "../testing/onnxruntime.ts";

describe("lower", () => {
  itAgreesWithOnnxruntime({
    "Gemm with all attributes": {
      input: floats(3, 2),
      output: floats(2, 4),
      nodes: [
        node("Gemm", ["x", "w", "b"], "y", {
          transA: 1,
          transB: 1,
          alpha: float(0.5),
          beta: float(-2),
        }),
      ],
      initializers: { w: weights(4, 3), b: weights(2, 1) },
    },
    "Gemm with the constant on the left and no addend": {
      input: floats(2, 3),
      output: floats(4, 3),
      nodes: [node("Gemm", ["w", "x"], "y")],
      initializers: { w: weights(4, 2) },
    },
    "MatMul of a batch": {
      input: floats(2, 3, 4),
      output: floats(2, 3, 5),
      nodes: [node("MatMul", ["x", "w"], "y")],
      initializers: { w: weights(4, 5) },
    },
    "MatMul with a vector": {
      input: floats(3, 4),
      output: floats(3),
      nodes: [node("MatMul", ["x", "w"], "y")],
      initializers: { w: weights(4) },
    },
    "MatMul of a vector": {
      input: floats(4),
      output: floats(2),
      nodes: [node("MatMul", ["x", "w"], "y")],
      initializers: { w: weights(4, 2) },
    },
    "Add with broadcasting both ways": {
      input: floats(2, 1, 3),
      output: floats(2, 4, 3),
      nodes: [node("Add", ["x", "c"], "y")],
      initializers: { c: weights(4, 1) },
    },
    "Relu twice": {
      input: floats(5),
      output: floats(5),
      nodes: [node("Relu", ["x"], "r"), node("Add", ["r", "c"], "s"), node("Relu", ["s"], "y")],
      initializers: { c: weights(5) },
    },
    "a residual connection": {
      input: floats(1, 4),
      output: floats(1, 4),
      nodes: [
        node("Gemm", ["x", "w", "b"], "s"),
        node("Relu", ["s"], "r"),
        node("MatMul", ["r", "v"], "t"),
        node("Add", ["t", "x"], "u"),
        node("Add", ["u", "r"], "y"),
      ],
      initializers: {
        w: weights(4, 4),
        b: weights(4),
        v: weights(4, 4),
      },
    },
    "Flatten, Reshape, Identity and Cast": {
      input: floats(2, 3, 4),
      output: floats(4, 6),
      nodes: [
        node("Flatten", ["x"], "f", { axis: 2 }),
        node("Identity", ["f"], "i"),
        node("Reshape", ["i", "s1"], "r"),
        node("Cast", ["r"], "d", { to: 11 }),
        node("Cast", ["d"], "e", { to: 1 }),
        node("Reshape", ["e", "s2"], "y"),
      ],
      initializers: {
        s1: { shape: [3], type: "int64", values: Float64Array.from([2, -1, 2]) },
        s2: { shape: [2], type: "int64", values: Float64Array.from([4, 6]) },
      },
    },
    "Flatten with a negative axis": {
      input: floats(2, 3, 4),
      output: floats(6, 4),
      nodes: [node("Flatten", ["x"], "y", { axis: -1 })],
    },
    "Reshape that copies a dimension": {
      input: floats(2, 6),
      output: floats(2, 3, 2),
      nodes: [node("Reshape", ["x", "s"], "y")],
      initializers: { s: { shape: [3], type: "int64", values: Float64Array.from([0, 3, 2]) } },
    },
    "constants among themselves": {
      input: floats(2),
      output: floats(2),
      nodes: [
        node("Reshape", ["c", "s"], "r"),
        node("MatMul", ["r", "w"], "m"),
        node("Relu", ["m"], "p"),
        node("Add", ["x", "p"], "y"),
      ],
      initializers: {
        c: weights(1, 3),
        s: { shape: [1], type: "int64", values: Float64Array.from([3]) },
        w: weights(3, 2),
      },
    },
  });

  it("fuses a chain of linear operators into one layer of forms", () => {
    const { layers } = lowered({
      input: floats(1, 3),
      output: floats(1, 2),
      nodes: [
        node("MatMul", ["x", "w"], "a"),
        node("Add", ["a", "b"], "c"),
        node("Relu", ["c"], "y"),
      ],
      initializers: { w: weights(3, 2), b: weights(2) },
    });
    expect(layers).to.have.length(1);
    expect(layers[0]?.forms[0]?.variables).to.deep.equal([0, 1, 2]);
  });

  function failure(parts: Partial<NetworkParts>): ReturnType<typeof refusal> {
    return refusal({ input: floats(1, 2), output: floats(1, 2), nodes: [], ...parts });
  }

  it("names node and operator that it does not support, and says which it does", () => {
    const error = failure({ nodes: [{ ...node("Bernoulli", ["x"], "y"), name: "squash" }] });
    expect(error.code).to.equal("ONNX_UNSUPPORTED_OPERATOR");
    expect(error.message).to.equal(
      'Node "squash" uses operator Bernoulli, which is not supported.',
    );
    expect(error.hint).to.contain("Gemm");
  });

  it("names custom operators with their domain", () => {
    const custom = { ...node("Relu", ["x"], "y"), operator: "com.example.Relu" };
    expect(failure({ nodes: [custom] }).message).to.contain("com.example.Relu");
  });

  it("refuses a cast that would change values", () => {
    expect(failure({ nodes: [node("Cast", ["x"], "y", { to: 3 })] }).code).to.equal(
      "ONNX_UNSUPPORTED_ATTRIBUTE",
    );
  });

  it("refuses a reshape to a computed shape", () => {
    expect(failure({ nodes: [node("Reshape", ["x", "x"], "y")] }).code).to.equal(
      "ONNX_UNSUPPORTED_ATTRIBUTE",
    );
  });

  it("refuses shapes that do not fit", () => {
    const w = tensor([3, 1], [1, 2, 3]);
    expect(
      failure({ nodes: [node("MatMul", ["x", "w"], "y")], initializers: { w } }).code,
    ).to.equal("ONNX_SHAPE_MISMATCH");
    expect(
      failure({
        nodes: [node("Add", ["x", "w"], "y")],
        initializers: { w: tensor([3], [1, 2, 3]) },
      }).code,
    ).to.equal("ONNX_SHAPE_MISMATCH");
  });

  it("finds out what the file leaves open in the output's shape", () => {
    const nodes = [node("Relu", ["x"], "y")];
    const open = { type: "float", shape: [undefined, 3] } as const;
    const { outputs } = lowered({ input: floats(2, 3), output: open, nodes });
    expect(outputs[0]?.shape).to.deep.equal([2, 3]);
    const error = refusal({ input: floats(2, 4), output: open, nodes });
    expect(error.message).to.contain("has shape [2, 4]; the file says [?, 3]");
  });

  it("refuses an output of another size than declared", () => {
    expect(failure({ output: floats(1, 3), nodes: [node("Relu", ["x"], "y")] }).code).to.equal(
      "ONNX_SHAPE_MISMATCH",
    );
  });

  it("refuses a graph that reads what nothing produces", () => {
    expect(failure({ nodes: [node("Relu", ["ghost"], "y")] }).message).to.contain('"ghost"');
    expect(failure({ nodes: [node("Relu", ["x"], "z")] }).message).to.contain("The graph's output");
  });
});
