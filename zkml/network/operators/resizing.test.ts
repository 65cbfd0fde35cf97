import { expect } from "chai";
import type { AttributeLiteral } from "../../onnx/build.ts";
import { float, tensor, int64s } from "../../onnx/build.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import { itAgreesWithOnnxruntime, refusal, single } from "../../testing/onnxruntime.ts";

const input = [1, 2, 4, 3];

function byScales(
  output: readonly number[],
  scales: readonly number[],
  attributes: Record<string, AttributeLiteral>,
): NetworkParts {
  return single("Resize", {
    input,
    output,
    attributes,
    inputs: ["x", "", "scales"],
    constants: { scales: tensor([scales.length], scales) },
  });
}

function bySizes(
  output: readonly number[],
  attributes: Record<string, AttributeLiteral>,
): NetworkParts {
  return single("Resize", {
    input,
    output,
    attributes,
    inputs: ["x", "", "", "sizes"],
    constants: { sizes: int64s(...output) },
  });
}

const COORDINATES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"];
const ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

describe("resizing", () => {
  for (const coordinates of COORDINATES) {
    for (const mode of ["nearest", "linear", "cubic"]) {
      const attributes = { mode, coordinate_transformation_mode: coordinates };
      itAgreesWithOnnxruntime({
        [`Resize ${mode} ${coordinates} to twice the size`]: byScales(
          [1, 2, 8, 6],
          [1, 1, 2, 2],
          attributes,
        ),
        [`Resize ${mode} ${coordinates} to other sizes`]: bySizes([1, 2, 7, 2], attributes),
        [`Resize ${mode} ${coordinates} to one element`]: bySizes([1, 2, 1, 1], attributes),
      });
    }
    itAgreesWithOnnxruntime(
      Object.fromEntries(
        ROUNDINGS.map((rounding) => [
          `Resize ${coordinates} with nearest_mode ${rounding}`,
          bySizes([1, 2, 10, 2], {
            nearest_mode: rounding,
            coordinate_transformation_mode: coordinates,
          }),
        ]),
      ),
    );
  }

  itAgreesWithOnnxruntime({
    "Resize with a scale that is not whole": byScales([1, 2, 6, 3], [1, 1, 1.6, 1.3], {
      mode: "linear",
    }),
    "Resize half_pixel_symmetric": {
      ...byScales([1, 2, 6, 3], [1, 1, 1.6, 1.3], {
        mode: "linear",
        coordinate_transformation_mode: "half_pixel_symmetric",
      }),
      opset: 19,
    },
    "Resize of some axes": single("Resize", {
      input,
      output: [1, 2, 8, 6],
      opset: 18,
      attributes: { axes: [2, 3] },
      inputs: ["x", "", "scales"],
      constants: { scales: tensor([2], [2, 2]) },
    }),
    "Resize of opset 10 that enlarges": single("Resize", {
      input,
      output: [1, 2, 10, 6],
      opset: 10,
      constants: { scales: tensor([4], [1, 1, 2.5, 2]) },
    }),
    "Resize of opset 10 that reduces": single("Resize", {
      input,
      output: [1, 2, 2, 1],
      opset: 10,
      constants: { scales: tensor([4], [1, 1, 0.6, 0.5]) },
    }),
    "Resize linear of opset 10": single("Resize", {
      input,
      output: [1, 2, 10, 6],
      opset: 10,
      attributes: { mode: "linear" },
      constants: { scales: tensor([4], [1, 1, 2.5, 2]) },
    }),
    "Resize cubic without what lies outside, by another coefficient": bySizes([1, 2, 9, 5], {
      mode: "cubic",
      exclude_outside: 1,
      cubic_coeff_a: float(-0.5),
    }),
    "Upsample by an input": single("Upsample", {
      input,
      output: [1, 2, 8, 9],
      opset: 9,
      constants: { scales: tensor([4], [1, 1, 2, 3]) },
    }),
    "Upsample by an attribute": single("Upsample", {
      input,
      output: [1, 2, 8, 9],
      opset: 7,
      attributes: { scales: { kind: "floats", value: [1, 1, 2, 3] }, mode: "linear" },
    }),
  });

  const refusals: Record<string, Record<string, AttributeLiteral>> = {
    'mode "bicubic"': { mode: "bicubic" },
    "antialias 1": { antialias: 1 },
    'coordinate_transformation_mode "tf_crop_and_resize"': {
      coordinate_transformation_mode: "tf_crop_and_resize",
    },
    'nearest_mode "random"': { nearest_mode: "random" },
    'keep_aspect_ratio_policy "not_larger"': { keep_aspect_ratio_policy: "not_larger" },
    'has a "mode" that is no string': { mode: float(1) },
  };
  for (const [message, attributes] of Object.entries(refusals)) {
    it(`refuses ${message}`, () => {
      const error = refusal(bySizes([1, 2, 8, 6], attributes));
      expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
      expect(error.message).to.contain(message);
    });
  }

  it("refuses scales for other axes", () => {
    expect(refusal(byScales([1, 2, 8, 6], [2, 2], {})).code).to.equal("ONNX_SHAPE_MISMATCH");
  });
});
