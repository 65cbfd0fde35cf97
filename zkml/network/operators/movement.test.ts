import { expect } from "chai";
import { float, node, tensor, int64s } from "../../onnx/build.ts";
import {
  folded,
  floats,
  itAgreesWithOnnxruntime,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

const input = [2, 3, 4];

describe("data movement", () => {
  itAgreesWithOnnxruntime({
    "Transpose without order": single("Transpose", { input, output: [4, 3, 2] }),
    "Transpose with order": single("Transpose", {
      input,
      output: [3, 4, 2],
      attributes: { perm: [1, 2, 0] },
    }),
    "Squeeze of all axes": single("Squeeze", { input: [1, 3, 1, 2], output: [3, 2] }),
    "Squeeze by attribute": single("Squeeze", {
      input: [1, 3, 1, 2],
      output: [1, 3, 2],
      opset: 11,
      attributes: { axes: [-2] },
    }),
    "Squeeze by input": single("Squeeze", {
      input: [1, 3, 1, 2],
      output: [3, 1, 2],
      constants: { axes: int64s(0) },
    }),
    "Unsqueeze by attribute": single("Unsqueeze", {
      input: [3, 2],
      output: [1, 3, 2, 1],
      opset: 11,
      attributes: { axes: [3, 0] },
    }),
    "Unsqueeze by input": single("Unsqueeze", {
      input: [3, 2],
      output: [3, 1, 2, 1],
      constants: { axes: int64s(-1, 1) },
    }),
    Dropout: single("Dropout", { input, output: input, constants: { ratio: tensor([], [0.5]) } }),
    "Dropout of an old opset": single("Dropout", {
      input,
      output: input,
      opset: 7,
      attributes: { ratio: float(0.5) },
    }),
    "Expand both ways": single("Expand", {
      input: [2, 1, 3],
      output: [5, 2, 4, 3],
      constants: { shape: int64s(5, 1, 4, 1) },
    }),
    Tile: single("Tile", { input: [2, 3], output: [4, 9], constants: { repeats: int64s(2, 3) } }),
    "Concat of computed and constant tensors": {
      input: floats(2, 2, 3),
      output: floats(2, 5, 3),
      nodes: [node("Concat", ["x", "c", "x"], "y", { axis: -2 })],
      initializers: { c: weights(2, 1, 3) },
    },
    "Split into equal parts": {
      input: floats(2, 6),
      output: floats(2, 2),
      nodes: [
        node("Split", ["x"], ["a", "b", "c"], { axis: 1 }),
        node("Sub", ["c", "a"], "d"),
        node("Sub", ["d", "b"], "y"),
      ],
    },
    "Split by attribute": {
      opset: 11,
      input: floats(5, 2),
      output: floats(4, 2),
      nodes: [
        node("Split", ["x"], ["a", "b"], { split: [1, 4], axis: 0 }),
        node("Sub", ["b", "a"], "y"),
      ],
    },
    "Split by input": {
      input: floats(2, 5),
      output: floats(2, 3),
      nodes: [
        node("Split", ["x", "sizes"], ["a", "b", "c"], { axis: -1 }),
        node("Sub", ["b", "a"], "d"),
        node("Add", ["c", "d"], "y"),
      ],
      initializers: { sizes: int64s(1, 1, 3) },
    },
    "Split into a number of parts, of which the last is smaller": {
      opset: 18,
      input: floats(5),
      output: floats(2),
      nodes: [
        node("Split", ["x"], ["a", "b", "c"], { num_outputs: 3 }),
        node("Sub", ["b", "a"], "d"),
        node("Add", ["c", "d"], "y"),
      ],
    },
    "Slice by attributes": single("Slice", {
      input,
      output: [2, 1, 3],
      opset: 9,
      attributes: { starts: [-2, -100], ends: [-1, 3], axes: [1, 2] },
    }),
    "Slice without axes": single("Slice", {
      input,
      output: [1, 2, 4],
      opset: 9,
      attributes: { starts: [1, 0], ends: [100, -1] },
    }),
    "Slice by inputs, with steps": single("Slice", {
      input: [7, 8],
      output: [4, 3],
      constants: {
        starts: int64s(0, 1),
        ends: int64s(9223372036854775000, -1),
        axes: int64s(0, -1),
        steps: int64s(2, 2),
      },
    }),
    "Slice backwards": single("Slice", {
      input: [7, 8],
      output: [7, 3],
      constants: {
        starts: int64s(-1, 100),
        ends: int64s(-9223372036854775000, 2),
        axes: int64s(0, 1),
        steps: int64s(-1, -2),
      },
    }),
    "Gather of a scalar index": single("Gather", {
      input,
      output: [2, 4],
      attributes: { axis: 1 },
      constants: { i: { shape: [], type: "int64", values: Float64Array.of(-1) } },
    }),
    "Gather of a matrix of indices": single("Gather", {
      input,
      output: [2, 3, 2, 2],
      attributes: { axis: -1 },
      constants: { i: { ...int64s(0, 3, -4, 1), shape: [2, 2] } },
    }),
    GatherElements: single("GatherElements", {
      input: [3, 4],
      output: [2, 3],
      attributes: { axis: 1 },
      constants: { i: { ...int64s(0, 3, -1, 2, 2, 0), shape: [2, 3] } },
    }),
    "GatherND of elements": single("GatherND", {
      input: [3, 4],
      output: [2],
      constants: { i: { ...int64s(0, 3, -1, 2), shape: [2, 2] } },
    }),
    "GatherND of slices": single("GatherND", {
      input,
      output: [3, 1, 4],
      constants: { i: { ...int64s(0, 1, 1, 0, 1, -1), shape: [3, 1, 2] } },
    }),
    ScatterElements: single("ScatterElements", {
      input: [3, 4],
      output: [3, 4],
      attributes: { axis: -1 },
      constants: { i: { ...int64s(0, 3, -1, 2), shape: [2, 2] }, u: weights(2, 2) },
    }),
    "ScatterElements that adds": single("ScatterElements", {
      input: [3, 4],
      output: [3, 4],
      opset: 16,
      attributes: { reduction: "add" },
      constants: { i: { ...int64s(0, 1, 0, 1), shape: [2, 2] }, u: weights(2, 2) },
    }),
    "ScatterElements that takes maxima": single("ScatterElements", {
      input: [3, 4],
      output: [3, 4],
      opset: 18,
      attributes: { reduction: "max" },
      constants: { i: { ...int64s(0, 1, 0, 1), shape: [2, 2] }, u: weights(2, 2) },
    }),
    "ScatterND of computed slices": {
      input: floats(2, 4),
      output: floats(3, 4),
      nodes: [node("ScatterND", ["c", "i", "x"], "y")],
      initializers: { c: weights(3, 4), i: { ...int64s(2, 0), shape: [2, 1] } },
    },
    "ScatterND of elements": single("ScatterND", {
      input: [3, 4],
      output: [3, 4],
      constants: { i: { ...int64s(0, 3, -1, 2), shape: [2, 2] }, u: weights(2) },
    }),
    "Where with a constant condition": {
      input: floats(2, 3),
      output: floats(2, 3),
      nodes: [node("Neg", ["x"], "n"), node("Where", ["c", "x", "n"], "y")],
      initializers: { c: { shape: [3], type: "bool", values: Float64Array.of(1, 0, 1) } },
    },
    "Where between tensors of other shapes": single("Where", {
      input: [2, 1],
      output: [2, 3],
      inputs: ["c", "x", "w"],
      constants: {
        c: { shape: [2, 3], type: "bool", values: Float64Array.of(1, 0, 1, 0, 0, 1) },
        w: weights(3),
      },
    }),
    Trilu: single("Trilu", { input: [2, 3, 4], output: [2, 3, 4], opset: 14 }),
    "Trilu below a diagonal": single("Trilu", {
      input: [3, 4],
      output: [3, 4],
      opset: 14,
      attributes: { upper: 0 },
      constants: { k: { shape: [], type: "int64", values: Float64Array.of(-1) } },
    }),
    "DepthToSpace by depth": single("DepthToSpace", {
      input: [2, 8, 2, 3],
      output: [2, 2, 4, 6],
      attributes: { blocksize: 2 },
    }),
    "DepthToSpace by column": single("DepthToSpace", {
      input: [1, 8, 2, 3],
      output: [1, 2, 4, 6],
      attributes: { blocksize: 2, mode: "CRD" },
    }),
    ReverseSequence: single("ReverseSequence", {
      input: [4, 3, 2],
      output: [4, 3, 2],
      constants: { lengths: int64s(1, 4, 3) },
    }),
    "ReverseSequence of rows": single("ReverseSequence", {
      input: [3, 4],
      output: [3, 4],
      attributes: { time_axis: 1, batch_axis: 0 },
      constants: { lengths: int64s(1, 4, 3) },
    }),
    "Compress along an axis": single("Compress", {
      input: [2, 4],
      output: [2, 2],
      attributes: { axis: 1 },
      constants: { c: { shape: [3], type: "bool", values: Float64Array.of(1, 0, 1) } },
    }),
    "Compress of all elements": single("Compress", {
      input: [2, 2],
      output: [2],
      constants: { c: { shape: [4], type: "bool", values: Float64Array.of(0, 1, 1, 0) } },
    }),
    "GatherND with a batch": single("GatherND", {
      input: [2, 3, 4],
      output: [2, 2, 4],
      attributes: { batch_dims: 1 },
      constants: { i: { ...int64s(0, 2, -1, 1), shape: [2, 2, 1] } },
    }),
    "ScatterElements by multiplication": single("ScatterElements", {
      input: [3, 2],
      output: [3, 2],
      attributes: { reduction: "mul" },
      constants: { i: { ...int64s(0, 2, 0, 1), shape: [2, 2] }, u: weights(2, 2) },
      opset: 16,
    }),
    SpaceToDepth: single("SpaceToDepth", {
      input: [2, 2, 4, 6],
      output: [2, 8, 2, 3],
      attributes: { blocksize: 2 },
    }),
    "data movement of constants": {
      input: floats(2, 2),
      output: floats(2, 2),
      nodes: [
        node("Transpose", ["c"], "t"),
        node("Slice", ["t", "zero", "two"], "s"),
        node("Add", ["x", "s"], "y"),
      ],
      initializers: { c: weights(2, 3), zero: int64s(0), two: int64s(2) },
    },
    "Tile of constants": folded("Tile", {
      output: [4],
      constants: { c: weights(2), r: int64s(2) },
    }),
  });

  it("refuses a dropout in training", () => {
    const training = { shape: [], type: "bool", values: Float64Array.of(1) } as const;
    const constants = { ratio: tensor([], [0.5]), training };
    expect(refusal(single("Dropout", { input, output: input, constants })).message).to.contain(
      "is in training mode",
    );
  });

  it("refuses the mask of a dropout where it is read", () => {
    const nodes = [node("Dropout", ["x"], ["d", "m"]), node("Cast", ["m"], "y", { to: 1 })];
    const error = refusal({ input: floats(2), output: floats(2), nodes });
    expect(error.message).to.contain('"d" (Dropout) is asked for its output "m"');
  });

  const misfits: Record<string, ReturnType<typeof single>> = {
    "an index beyond the end": single("Gather", { input, output: [], constants: { i: int64s(2) } }),
    "an order that names an axis twice": single("Transpose", {
      input,
      output: input,
      attributes: { perm: [0, 1, 1] },
    }),
    "a Squeeze of an axis that is not 1": single("Squeeze", {
      input,
      output: input,
      constants: { axes: int64s(0) },
    }),
    "an Unsqueeze that names an axis twice": single("Unsqueeze", {
      input,
      output: [1, ...input, 1],
      constants: { axes: int64s(0, 0) },
    }),
    "a Split that does not add up": single("Split", {
      input,
      output: input,
      constants: { sizes: int64s(1, 2) },
    }),
    "a Concat of other shapes": single("Concat", {
      input,
      output: input,
      attributes: { axis: 0 },
      constants: { c: weights(1, 3, 3) },
    }),
    "a Slice with fewer ends than starts": single("Slice", {
      input,
      output: input,
      constants: { s: int64s(0, 0), e: int64s(1) },
    }),
    "a Slice without a step": single("Slice", {
      input,
      output: input,
      constants: { s: int64s(0), e: int64s(1), a: int64s(0), steps: int64s(0) },
    }),
    "a block that does not divide the image": single("SpaceToDepth", {
      input: [1, 1, 3, 4],
      output: [1, 4, 1, 2],
      attributes: { blocksize: 2 },
    }),
    "repeats for other axes": single("Tile", {
      input,
      output: input,
      constants: { r: int64s(1, 1) },
    }),
    "updates that do not fill their places": single("ScatterND", {
      input,
      output: input,
      constants: { i: { ...int64s(0), shape: [1, 1] }, u: weights(3) },
    }),
  };
  for (const [name, parts] of Object.entries(misfits)) {
    it(`refuses ${name}`, () => {
      expect(refusal(parts).code).to.equal("ONNX_SHAPE_MISMATCH");
    });
  }
});
