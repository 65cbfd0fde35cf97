import { expect } from "chai";
import { float, int64s } from "../../onnx/build.ts";
import { itIsCloseInIntegers } from "../../testing/close-integers.ts";
import {
  itAgreesWithOnnxruntime,
  positives,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

/** As many neighbours as keep a variance away from zero, where its root's reciprocal is steep. */
const wide = { input: [2, 16], output: [2, 16] };
const large = { input: [1, 4, 4, 4], output: [1, 4, 4, 4] };

const rows = { input: [2, 6], output: [2, 6] };
const image = { input: [1, 4, 2, 3], output: [1, 4, 2, 3] };

describe("normalisation by what neighbours measure", () => {
  itIsCloseInIntegers({
    InstanceNormalization: single("InstanceNormalization", {
      input: [1, 2, 4, 4],
      output: [1, 2, 4, 4],
      constants: { s: positives(2), b: weights(2) },
    }),
    LayerNormalization: single("LayerNormalization", {
      ...wide,
      constants: { s: positives(16), b: weights(16) },
      opset: 17,
    }),
    GroupNormalization: single("GroupNormalization", {
      ...large,
      attributes: { num_groups: 2, epsilon: float(0.01) },
      constants: { s: positives(4), b: weights(4) },
      opset: 21,
    }),
    RMSNormalization: single("RMSNormalization", {
      ...wide,
      constants: { s: positives(16) },
      opset: 23,
    }),
    MeanVarianceNormalization: single("MeanVarianceNormalization", large),
    LpNormalization: single("LpNormalization", wide),
    "LpNormalization by magnitudes": single("LpNormalization", {
      ...wide,
      attributes: { p: 1, axis: 1 },
    }),
    LRN: single("LRN", {
      ...large,
      attributes: { size: 3, alpha: float(0.5), beta: float(0.75), bias: float(1.5) },
    }),
    ReduceSumSquare: single("ReduceSumSquare", {
      ...wide,
      output: [2, 1],
      attributes: { axes: [1] },
    }),
    ReduceL2: single("ReduceL2", { ...wide, output: [2, 1], attributes: { axes: [1] } }),
    ReduceLogSumExp: single("ReduceLogSumExp", {
      ...wide,
      output: [2, 1],
      attributes: { axes: [1] },
    }),
    ReduceProd: single("ReduceProd", {
      input: [2, 3],
      output: [2, 1],
      attributes: { axes: [1] },
    }),
    LpPool: single("LpPool", {
      ...large,
      output: [1, 4, 2, 2],
      attributes: { kernel_shape: [3, 3] },
    }),
  });

  itAgreesWithOnnxruntime({
    "LayerNormalization over several axes, with a scale for the last": single(
      "LayerNormalization",
      {
        input: [2, 3, 4],
        output: [2, 3, 4],
        attributes: { axis: 1 },
        constants: { s: positives(4), b: weights(3, 1) },
        opset: 17,
      },
    ),
    "GroupNormalization with a scale for each group": single("GroupNormalization", {
      ...image,
      attributes: { num_groups: 2 },
      constants: { s: positives(2), b: weights(2) },
      opset: 18,
    }),
    "RMSNormalization over several axes": single("RMSNormalization", {
      input: [2, 3, 4],
      output: [2, 3, 4],
      attributes: { axis: -2 },
      constants: { s: positives(3, 4) },
      opset: 23,
    }),
    "MeanVarianceNormalization over other axes": single("MeanVarianceNormalization", {
      ...image,
      attributes: { axes: [1, -1] },
    }),
    "LpNormalization along the first axis": single("LpNormalization", {
      ...rows,
      attributes: { axis: 0 },
    }),
    "LRN over more channels than there are": single("LRN", { ...image, attributes: { size: 9 } }),
    "Normalizer by magnitudes": single("ai.onnx.ml.Normalizer", {
      ...rows,
      attributes: { norm: "L1" },
    }),
    "Normalizer by length": single("ai.onnx.ml.Normalizer", {
      ...rows,
      attributes: { norm: "L2" },
    }),
    "Normalizer by the largest": single("ai.onnx.ml.Normalizer", {
      ...rows,
      attributes: { norm: "MAX" },
    }),
    GlobalLpPool: single("GlobalLpPool", { ...image, output: [1, 4, 1, 1] }),
    "GlobalLpPool of magnitudes": single("GlobalLpPool", {
      ...image,
      output: [1, 4, 1, 1],
      attributes: { p: 1 },
    }),
    "LpPool of magnitudes, with padding": single("LpPool", {
      ...image,
      output: [1, 4, 2, 2],
      attributes: { p: 1, kernel_shape: [2, 2], pads: [0, 1, 1, 0], strides: [1, 2] },
    }),
    "ReduceLogSumExp over axes given as an input": single("ReduceLogSumExp", {
      input: [2, 3, 2],
      output: [2, 2],
      attributes: { keepdims: 0 },
      constants: { axes: int64s(1) },
      opset: 18,
    }),
    "ReduceProd over everything": single("ReduceProd", {
      input: [3, 3],
      output: [],
      attributes: { keepdims: 0 },
    }),
  });

  it("refuses constants that do not fit", () => {
    const constants = { s: positives(4) };
    const layer = refusal(single("LayerNormalization", { ...rows, constants, opset: 17 }));
    expect(layer.message).to.contain("cannot broadcast [4] to [2, 6]");
    const group = refusal(
      single("GroupNormalization", {
        ...image,
        attributes: { num_groups: 3 },
        constants,
        opset: 21,
      }),
    );
    expect(group.message).to.contain("makes 3 groups of 4 channels");
    const instance = refusal(
      single("InstanceNormalization", { ...image, constants: { s: positives(3), b: weights(3) } }),
    );
    expect(instance.message).to.contain("has 3 values for 4 channels");
  });

  it("refuses other powers than the first and the second", () => {
    for (const operator of ["LpNormalization", "LpPool", "GlobalLpPool"]) {
      const error = refusal(single(operator, { ...image, attributes: { p: 3 } }));
      expect(error.message).to.contain(`(${operator}) has p 3`);
    }
  });
});
