import { expect } from "chai";
import { node } from "../../onnx/build.ts";
import {
  floats,
  itAgreesWithOnnxruntime,
  lowered,
  positives,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

describe("pooling", () => {
  itAgreesWithOnnxruntime({
    "AveragePool with strides": single("AveragePool", {
      input: [2, 3, 4, 6],
      output: [2, 3, 2, 2],
      attributes: { kernel_shape: [2, 3], strides: [2, 3] },
    }),
    "AveragePool that leaves padding out": single("AveragePool", {
      input: [1, 2, 4, 4],
      output: [1, 2, 4, 5],
      attributes: { kernel_shape: [3, 2], pads: [1, 1, 1, 1] },
    }),
    "AveragePool that counts padding": single("AveragePool", {
      input: [1, 2, 4, 4],
      output: [1, 2, 4, 5],
      attributes: { kernel_shape: [3, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
    }),
    "AveragePool with ceil_mode": single("AveragePool", {
      opset: 19,
      input: [1, 1, 5, 6],
      output: [1, 1, 3, 3],
      attributes: { kernel_shape: [2, 3], strides: [2, 2], ceil_mode: 1 },
    }),
    "AveragePool with ceil_mode that counts padding": single("AveragePool", {
      opset: 19,
      input: [1, 1, 5, 6],
      output: [1, 1, 3, 4],
      attributes: {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 0, 1],
        ceil_mode: 1,
        count_include_pad: 1,
      },
    }),
    "AveragePool with ceil_mode, dilations and a window that sticks out": single("AveragePool", {
      opset: 19,
      input: [1, 1, 6],
      output: [1, 1, 3],
      attributes: {
        kernel_shape: [2],
        dilations: [2],
        strides: [2],
        ceil_mode: 1,
        count_include_pad: 1,
      },
    }),
    "MaxPool with ceil_mode and a window that would begin in the padding": single("MaxPool", {
      input: [1, 1, 5],
      output: [1, 1, 2],
      attributes: { kernel_shape: [2], strides: [3], pads: [0, 1], ceil_mode: 1 },
    }),
    "AveragePool with dilations": single("AveragePool", {
      opset: 19,
      input: [1, 1, 6, 6],
      output: [1, 1, 5, 4],
      attributes: {
        kernel_shape: [2, 2],
        dilations: [3, 2],
        pads: [1, 0, 1, 0],
        count_include_pad: 1,
      },
    }),
    "AveragePool with auto_pad": single("AveragePool", {
      input: [1, 1, 5, 5],
      output: [1, 1, 3, 3],
      attributes: { kernel_shape: [2, 2], strides: [2, 2], auto_pad: "SAME_UPPER" },
    }),
    "AveragePool over one axis": single("AveragePool", {
      input: [1, 2, 7],
      output: [1, 2, 3],
      attributes: { kernel_shape: [3], strides: [2] },
    }),
    "AveragePool over three axes": single("AveragePool", {
      input: [1, 1, 2, 3, 4],
      output: [1, 1, 1, 2, 3],
      attributes: { kernel_shape: [2, 2, 2] },
    }),
    GlobalAveragePool: single("GlobalAveragePool", { input: [2, 3, 4, 2], output: [2, 3, 1, 1] }),
    GlobalMaxPool: single("GlobalMaxPool", { input: [2, 3, 3, 3], output: [2, 3, 1, 1] }),
    "MaxPool with strides": single("MaxPool", {
      input: [2, 2, 4, 6],
      output: [2, 2, 2, 2],
      attributes: { kernel_shape: [2, 3], strides: [2, 3] },
    }),
    "MaxPool with overlap and padding, which never wins": {
      input: floats(1, 1, 4, 4),
      output: floats(1, 1, 4, 5),
      nodes: [
        node("Sub", ["x", "c"], "s"),
        node("MaxPool", ["s"], "y", { kernel_shape: [3, 2], pads: [1, 1, 1, 1] }),
      ],
      initializers: { c: { ...positives(1), values: Float64Array.of(10) } },
    },
    "MaxPool with strides wider than the window": single("MaxPool", {
      input: [1, 1, 7, 7],
      output: [1, 1, 2, 3],
      attributes: { kernel_shape: [2, 2], strides: [4, 2] },
    }),
    "MaxPool with dilations and ceil_mode": single("MaxPool", {
      input: [1, 2, 6, 7],
      output: [1, 2, 2, 3],
      attributes: { kernel_shape: [3, 2], dilations: [2, 2], strides: [2, 2], ceil_mode: 1 },
    }),
    "MaxPool with auto_pad": single("MaxPool", {
      input: [1, 1, 5, 5],
      output: [1, 1, 3, 3],
      attributes: { kernel_shape: [2, 2], strides: [2, 2], auto_pad: "SAME_LOWER" },
    }),
    "MaxPool over one axis": single("MaxPool", {
      input: [1, 2, 7],
      output: [1, 2, 5],
      attributes: { kernel_shape: [3] },
    }),
    "MaxPool of convolutions": {
      input: floats(1, 1, 5, 5),
      output: floats(1, 2, 2, 2),
      nodes: [
        node("Conv", ["x", "w", "b"], "c"),
        node("Relu", ["c"], "r"),
        node("MaxPool", ["r"], "y", { kernel_shape: [2, 2], strides: [2, 2] }),
      ],
      initializers: { w: weights(2, 1, 2, 2), b: weights(2) },
    },
    BatchNormalization: single("BatchNormalization", {
      opset: 9,
      input: [2, 3, 2, 2],
      output: [2, 3, 2, 2],
      constants: { s: weights(3), b: weights(3), m: weights(3), v: positives(3) },
    }),
    "BatchNormalization of vectors, with its epsilon": single("BatchNormalization", {
      opset: 15,
      input: [2, 3],
      output: [2, 3],
      attributes: { epsilon: { kind: "float", value: 0.5 } },
      constants: { s: weights(3), b: weights(3), m: weights(3), v: positives(3) },
    }),
  });

  it("shares what neighbouring windows have in common", () => {
    const { layers } = lowered(
      single("MaxPool", {
        input: [1, 1, 5, 5],
        output: [1, 1, 3, 3],
        attributes: { kernel_shape: [3, 3] },
      }),
    );
    const rectifiers = layers.reduce((sum, { forms }) => sum + forms.length, 0);
    expect(rectifiers).to.equal(2 * 15 + 2 * 9);
  });

  it("refuses to order elements column by column", () => {
    const attributes = { kernel_shape: [2, 2], storage_order: 1 };
    const error = refusal(
      single("MaxPool", { input: [1, 1, 3, 3], output: [1, 1, 2, 2], attributes }),
    );
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain("storage_order 1");
  });

  it("refuses the indices of a MaxPool where they are read", () => {
    const nodes = [
      node("MaxPool", ["x"], ["m", "i"], { kernel_shape: [2, 2] }),
      node("Cast", ["i"], "y", { to: 1 }),
    ];
    const error = refusal({ input: floats(1, 1, 3, 3), output: floats(1, 1, 2, 2), nodes });
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('"m" (MaxPool) is asked for its output "i"');
  });

  it("refuses a normalisation in training", () => {
    const constants = { s: weights(3), b: weights(3), m: weights(3), v: positives(3) };
    const shapes = { input: [2, 3], output: [2, 3], attributes: { training_mode: 1 } };
    const error = refusal(single("BatchNormalization", { ...shapes, constants }));
    expect(error.message).to.contain("training_mode 1");
  });
});
