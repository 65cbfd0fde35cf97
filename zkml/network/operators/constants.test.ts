import { expect } from "chai";
import { int64s, node, tensor, type AttributeLiteral } from "../../onnx/build.ts";
import type { Tensor } from "../../onnx/model.ts";
import { ELEMENT_TYPES } from "../../onnx/schema.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import {
  floats,
  folded,
  itAgreesWithOnnxruntime,
  lowered,
  positives,
  refusal,
  weights,
} from "../../testing/onnxruntime.ts";

function scalar(value: number, type: Tensor["type"] = "int64"): Tensor {
  return { shape: [], type, values: Float64Array.of(value) };
}

function bools(...values: number[]): Tensor {
  return { shape: [values.length], type: "bool", values: Float64Array.from(values) };
}

/** A `Constant` of one attribute, added to the input. */
function literal(name: string, value: AttributeLiteral, shape: readonly number[]): NetworkParts {
  return folded("Constant", { output: shape, attributes: { [name]: value } });
}

const pair = { a: weights(6), b: weights(6) };
const integers = { a: int64s(7, -7, 7, -7, 3), b: int64s(3, 3, -3, -3, 3) };
const halves = tensor([8], [0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6, 3]);

describe("constants", () => {
  itAgreesWithOnnxruntime({
    "Constant tensors": literal("value", { kind: "tensor", value: weights(2, 3) }, [2, 3]),
    "Constant float": literal("value_float", { kind: "float", value: 1.5 }, [1]),
    "Constant floats": literal("value_floats", { kind: "floats", value: [1.5, -2] }, [2]),
    "Constant int": literal("value_int", 3, [1]),
    "Constant ints": literal("value_ints", [3, -4], [2]),
    ConstantOfShape: folded("ConstantOfShape", {
      output: [2, 3],
      attributes: { value: { kind: "tensor", value: tensor([1], [2.5]) } },
      constants: { shape: int64s(2, 3) },
    }),
    "ConstantOfShape of zeros": folded("ConstantOfShape", {
      output: [2],
      constants: { shape: int64s(2) },
    }),
    "a shape that is computed from the input's": {
      input: floats(2, 3, 4),
      output: floats(6, 4),
      nodes: [
        node("Shape", ["x"], "shape"),
        node("Gather", ["shape", "i"], "sizes"),
        node("ReduceProd", ["sizes"], "rows", { keepdims: 1 }),
        node("Concat", ["rows", "rest"], "target", { axis: 0 }),
        node("Reshape", ["x", "target"], "y"),
      ],
      initializers: { i: int64s(0, 1), rest: int64s(-1) },
    },
    "part of a shape": {
      opset: 15,
      input: floats(2, 3, 4),
      output: floats(12, 2),
      nodes: [
        node("Shape", ["x"], "two", { start: 0, end: -2 }),
        node("Concat", ["rest", "two"], "target", { axis: 0 }),
        node("Reshape", ["x", "target"], "y"),
      ],
      initializers: { rest: int64s(-1) },
    },
    "Size of a computed tensor": {
      input: floats(2, 3),
      output: floats(6),
      nodes: [
        node("Size", ["x"], "n"),
        node("Unsqueeze", ["n", "zero"], "target"),
        node("Reshape", ["x", "target"], "y"),
      ],
      initializers: { zero: int64s(0) },
    },
    Range: folded("Range", {
      output: [4],
      constants: { start: scalar(10), limit: scalar(3), delta: scalar(-2) },
    }),
    "Range of fractions": folded("Range", {
      output: [3],
      constants: {
        start: scalar(0.5, "float"),
        limit: scalar(2, "float"),
        delta: scalar(0.5, "float"),
      },
    }),
    "EyeLike of a computed tensor": {
      input: floats(3, 4),
      output: floats(3, 4),
      nodes: [node("EyeLike", ["x"], "e", { k: 1 }), node("Add", ["x", "e"], "y")],
    },
    "EyeLike of another type": folded("EyeLike", {
      output: [3, 2],
      attributes: { k: -1, dtype: ELEMENT_TYPES.int64 },
      constants: { c: weights(3, 2) },
    }),
    OneHot: folded("OneHot", {
      output: [3, 4],
      constants: { i: int64s(1, -1, 7), depth: scalar(4), values: tensor([2], [0.5, 2]) },
    }),
    "OneHot along the first axis": folded("OneHot", {
      output: [3, 2, 2],
      attributes: { axis: 0 },
      constants: {
        i: { ...int64s(0, 1, 2, 1), shape: [2, 2] },
        depth: scalar(3),
        values: tensor([2], [0, 1]),
      },
    }),
    "DequantizeLinear with one scale": folded("DequantizeLinear", {
      output: [3],
      constants: {
        q: { shape: [3], type: "uint8", values: Float64Array.of(0, 128, 255) },
        scale: scalar(0.25, "float"),
        zero: scalar(128, "uint8"),
      },
    }),
    "DequantizeLinear with a scale for each row": folded("DequantizeLinear", {
      output: [2, 2],
      attributes: { axis: -2 },
      constants: {
        q: { shape: [2, 2], type: "int8", values: Float64Array.of(-128, 3, 5, 127) },
        scale: positives(2),
        zero: { shape: [2], type: "int8", values: Float64Array.of(1, -2) },
      },
    }),
    NonZero: folded("NonZero", {
      output: [2, 3],
      constants: { c: tensor([2, 2], [1, 0, -1, 2]) },
    }),
    Greater: folded("Greater", { output: [6], constants: pair }),
    "GreaterOrEqual of integers": folded("GreaterOrEqual", { output: [5], constants: integers }),
    Less: folded("Less", { output: [6], constants: pair }),
    "LessOrEqual of integers": folded("LessOrEqual", { output: [5], constants: integers }),
    Equal: folded("Equal", { output: [5], constants: integers }),
    And: folded("And", { output: [4], constants: { a: bools(0, 0, 1, 1), b: bools(0, 1, 0, 1) } }),
    Or: folded("Or", { output: [4], constants: { a: bools(0, 0, 1, 1), b: bools(0, 1, 0, 1) } }),
    Xor: folded("Xor", { output: [4], constants: { a: bools(0, 0, 1, 1), b: bools(0, 1, 0, 1) } }),
    Not: folded("Not", { output: [2], constants: { a: bools(0, 1) } }),
    "Where of constants": folded("Where", {
      output: [2],
      constants: { c: bools(0, 1), a: int64s(1, 2), b: int64s(3, 4) },
    }),
    Floor: folded("Floor", { output: [8], constants: { halves } }),
    Ceil: folded("Ceil", { output: [8], constants: { halves } }),
    "Round of halves": folded("Round", { output: [8], constants: { halves } }),
    Sign: folded("Sign", { output: [8], constants: { halves } }),
    Sqrt: folded("Sqrt", { output: [6], constants: { c: positives(6) } }),
    Exp: folded("Exp", { output: [6], constants: { c: weights(6) } }),
    Log: folded("Log", { output: [6], constants: { c: positives(6) } }),
    Sin: folded("Sin", { output: [6], constants: { c: weights(6) } }),
    Cos: folded("Cos", { output: [6], constants: { c: weights(6) } }),
    Reciprocal: folded("Reciprocal", { output: [6], constants: { c: positives(6) } }),
    Pow: folded("Pow", { output: [6], constants: { c: positives(6), e: weights(6) } }),
    "Pow of integers": folded("Pow", {
      output: [3],
      constants: { c: int64s(2, -3, 5), e: int64s(3) },
    }),
    "Mod of integers": folded("Mod", { output: [5], constants: integers }),
    "Mod in the manner of C": folded("Mod", {
      output: [5],
      attributes: { fmod: 1 },
      constants: integers,
    }),
    "Cast of fractions to integers": folded("Cast", {
      output: [8],
      attributes: { to: ELEMENT_TYPES.int64 },
      constants: { halves },
    }),
    "Cast to int32": folded("Cast", {
      output: [8],
      attributes: { to: ELEMENT_TYPES.int32 },
      constants: { halves },
    }),
    "Cast to bool": folded("Cast", {
      output: [3],
      attributes: { to: ELEMENT_TYPES.bool },
      constants: { c: tensor([3], [0, 0.5, -2]) },
    }),
    "Cast of wide integers to narrow ones": folded("Cast", {
      output: [3],
      attributes: { to: ELEMENT_TYPES.int8 },
      constants: { c: int64s(127, 128, -300) },
    }),
  });

  it("rounds to float32 where a constant is cast to it", () => {
    const tenth: Tensor = { shape: [1], type: "double", values: Float64Array.of(0.1) };
    const { outputs } = lowered(
      folded("Cast", { output: [1], attributes: { to: 1 }, constants: { tenth } }),
    );
    expect(outputs[0]?.forms[0]?.constant).to.equal(Math.fround(0.1));
  });

  it("takes computed bytes apart by DequantizeLinear", () => {
    const { outputs } = lowered({
      input: { type: "uint8", shape: [1] },
      output: floats(1),
      nodes: [node("DequantizeLinear", ["x", "s", "z"], "y")],
      initializers: { s: scalar(0.5, "float"), z: scalar(3, "uint8") },
    });
    expect(outputs[0]?.forms).to.deep.equal([
      { constant: -1.5, variables: [0], coefficients: [0.5] },
    ]);
  });

  it("refuses the positions of what is computed", () => {
    const error = refusal({
      input: { type: "float", shape: [2] },
      output: { type: "int64", shape: [1, undefined] },
      nodes: [node("NonZero", ["x"], "y")],
    });
    expect(error.message).to.contain('"y" (NonZero) reads a computed tensor');
  });

  it("refuses a constant that is not finite", () => {
    const error = refusal(folded("Log", { output: [1], constants: { c: tensor([1], [0]) } }));
    expect(error.message).to.contain('"k" (Log) gives -Infinity');
  });

  it("refuses a constant that is neither tensor nor number", () => {
    const error = refusal(literal("value_string", "text", [1]));
    expect(error.message).to.contain('"k" (Constant) holds neither a tensor nor numbers');
  });

  it("refuses a range that does not move", () => {
    const constants = { start: scalar(0), limit: scalar(3), delta: scalar(0) };
    expect(refusal(folded("Range", { output: [1], constants })).code).to.equal(
      "ONNX_SHAPE_MISMATCH",
    );
  });
});
