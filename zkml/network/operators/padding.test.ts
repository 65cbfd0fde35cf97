import { expect } from "chai";
import { float, tensor, int64s } from "../../onnx/build.ts";
import { itAgreesWithOnnxruntime, refusal, single } from "../../testing/onnxruntime.ts";

const plane = { input: [1, 3, 4], output: [1, 6, 9] };
const pads = int64s(0, 1, 2, 0, 2, 3);

describe("Pad", () => {
  itAgreesWithOnnxruntime({
    "Pad with zeros": single("Pad", { ...plane, constants: { pads } }),
    "Pad with a value": single("Pad", { ...plane, constants: { pads, value: tensor([], [-2.5]) } }),
    "Pad by attributes": single("Pad", {
      ...plane,
      opset: 10,
      attributes: { pads: [0, 1, 2, 0, 2, 3], value: float(1.5) },
    }),
    "Pad by reflection": single("Pad", {
      ...plane,
      attributes: { mode: "reflect" },
      constants: { pads },
    }),
    "Pad by the edge": single("Pad", {
      ...plane,
      attributes: { mode: "edge" },
      constants: { pads },
    }),
    "Pad by wrapping around": single("Pad", {
      ...plane,
      opset: 19,
      attributes: { mode: "wrap" },
      constants: { pads },
    }),
    "Pad that cuts off": single("Pad", {
      input: [3, 4],
      output: [4, 2],
      constants: { pads: int64s(2, -1, -1, -1) },
    }),
    "Pad of some axes": single("Pad", {
      input: [2, 3, 4],
      output: [2, 3, 7],
      opset: 18,
      inputs: ["x", "pads", "", "axes"],
      constants: { pads: int64s(1, 2), axes: int64s(-1) },
    }),
  });

  it("refuses a mode that it does not know, by name", () => {
    const error = refusal(
      single("Pad", { ...plane, attributes: { mode: "mirror" }, constants: { pads } }),
    );
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('"y" (Pad) has mode "mirror"');
  });

  it("refuses pads for other axes", () => {
    const constants = { pads: int64s(1, 1) };
    expect(refusal(single("Pad", { ...plane, constants })).code).to.equal("ONNX_SHAPE_MISMATCH");
  });

  it("refuses to cut off more than there is", () => {
    const constants = { pads: int64s(0, -2, 0, 0, -2, 0) };
    expect(refusal(single("Pad", { ...plane, constants })).message).to.contain(
      "cuts off more than there is",
    );
  });
});
