import { expect } from "chai";
import { node } from "../../onnx/build.ts";
import {
  floats,
  itAgreesWithOnnxruntime,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

describe("convolution", () => {
  itAgreesWithOnnxruntime({
    "Conv without attributes": single("Conv", {
      input: [2, 3, 5, 4],
      output: [2, 2, 3, 3],
      constants: { w: weights(2, 3, 3, 2), b: weights(2) },
    }),
    "Conv with strides, dilations and uneven padding": single("Conv", {
      input: [1, 2, 7, 6],
      output: [1, 3, 4, 4],
      attributes: { strides: [2, 1], dilations: [1, 2], pads: [1, 0, 2, 2], kernel_shape: [3, 3] },
      constants: { w: weights(3, 2, 3, 3) },
    }),
    "Conv in groups": single("Conv", {
      input: [1, 4, 4, 4],
      output: [1, 6, 3, 3],
      attributes: { group: 2 },
      constants: { w: weights(6, 2, 2, 2), b: weights(6) },
    }),
    "Conv per channel": single("Conv", {
      input: [1, 3, 4, 4],
      output: [1, 3, 4, 4],
      attributes: { group: 3, pads: [1, 1, 1, 1] },
      constants: { w: weights(3, 1, 3, 3) },
    }),
    "Conv over one axis": single("Conv", {
      input: [2, 2, 8],
      output: [2, 3, 3],
      attributes: { strides: [3], pads: [1, 0] },
      constants: { w: weights(3, 2, 3), b: weights(3) },
    }),
    "Conv over three axes": single("Conv", {
      input: [1, 2, 3, 4, 3],
      output: [1, 2, 2, 3, 2],
      constants: { w: weights(2, 2, 2, 2, 2) },
    }),
    "Conv with auto_pad SAME_UPPER": single("Conv", {
      input: [1, 1, 5, 6],
      output: [1, 2, 3, 3],
      attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
      constants: { w: weights(2, 1, 2, 3) },
    }),
    "Conv with auto_pad SAME_LOWER": single("Conv", {
      input: [1, 1, 5, 6],
      output: [1, 2, 3, 3],
      attributes: { auto_pad: "SAME_LOWER", strides: [2, 2] },
      constants: { w: weights(2, 1, 2, 3) },
    }),
    "Conv with auto_pad VALID": single("Conv", {
      input: [1, 1, 5, 6],
      output: [1, 2, 4, 4],
      attributes: { auto_pad: "VALID" },
      constants: { w: weights(2, 1, 2, 3) },
    }),
    "Conv behind Relu": {
      input: floats(1, 2, 4, 4),
      output: floats(1, 1, 2, 2),
      nodes: [
        node("Conv", ["x", "v", "b"], "c"),
        node("Relu", ["c"], "r"),
        node("Conv", ["r", "w"], "y"),
      ],
      initializers: { v: weights(3, 2, 2, 2), b: weights(3), w: weights(1, 3, 2, 2) },
    },
    "ConvTranspose without attributes": single("ConvTranspose", {
      input: [2, 3, 3, 2],
      output: [2, 2, 5, 3],
      constants: { w: weights(3, 2, 3, 2), b: weights(2) },
    }),
    "ConvTranspose with strides, dilations, padding and output padding": single("ConvTranspose", {
      input: [1, 2, 3, 4],
      output: [1, 2, 7, 8],
      attributes: {
        strides: [2, 3],
        dilations: [2, 1],
        pads: [1, 2, 2, 1],
        output_padding: [1, 0],
        kernel_shape: [3, 2],
      },
      constants: { w: weights(2, 2, 3, 2) },
    }),
    "ConvTranspose in groups": single("ConvTranspose", {
      input: [1, 4, 3, 3],
      output: [1, 6, 4, 4],
      attributes: { group: 2 },
      constants: { w: weights(4, 3, 2, 2), b: weights(6) },
    }),
    "ConvTranspose over one axis": single("ConvTranspose", {
      input: [1, 2, 4],
      output: [1, 1, 8],
      attributes: { strides: [2] },
      constants: { w: weights(2, 1, 2) },
    }),
    "ConvTranspose with an output shape": single("ConvTranspose", {
      input: [1, 1, 3, 3],
      output: [1, 2, 5, 4],
      attributes: { strides: [2, 2], output_shape: [5, 4] },
      constants: { w: weights(1, 2, 3, 3) },
    }),
    "ConvTranspose with auto_pad SAME_UPPER": single("ConvTranspose", {
      input: [1, 1, 3, 3],
      output: [1, 2, 6, 6],
      attributes: { strides: [2, 2], auto_pad: "SAME_UPPER" },
      constants: { w: weights(1, 2, 3, 3) },
    }),
    "ConvTranspose with auto_pad SAME_LOWER": single("ConvTranspose", {
      input: [1, 1, 3, 3],
      output: [1, 2, 6, 6],
      attributes: { strides: [2, 2], auto_pad: "SAME_LOWER" },
      constants: { w: weights(1, 2, 3, 3) },
    }),
  });

  const conv = { input: [1, 2, 3, 3], output: [1, 1, 2, 2] };

  it("refuses weights that are computed", () => {
    const parts = single("Conv", { ...conv, input: [1, 1, 3, 3], inputs: ["x", "x"] });
    const error = refusal(parts);
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('"y" (Conv) takes its weights from a computed tensor');
  });

  it("refuses an auto_pad that it does not know, by name", () => {
    const attributes = { auto_pad: "SAME" };
    const error = refusal(
      single("Conv", { ...conv, attributes, constants: { w: weights(1, 2, 2, 2) } }),
    );
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('auto_pad "SAME"');
  });

  const misfits = {
    "weights for other channels": { constants: { w: weights(1, 3, 2, 2) } },
    "weights for other axes": { constants: { w: weights(1, 2, 2) } },
    "a kernel larger than the image": { constants: { w: weights(1, 2, 4, 4) } },
    "a kernel_shape that is not the weights'": {
      constants: { w: weights(1, 2, 2, 2) },
      attributes: { kernel_shape: [3, 3] },
    },
    "too few strides": {
      constants: { w: weights(1, 2, 2, 2) },
      attributes: { strides: [1] },
    },
    "too many biases": { constants: { w: weights(1, 2, 2, 2), b: weights(2) } },
  };
  for (const [name, parts] of Object.entries(misfits)) {
    it(`refuses ${name}`, () => {
      expect(refusal(single("Conv", { ...conv, ...parts })).code).to.equal("ONNX_SHAPE_MISMATCH");
    });
  }
});
