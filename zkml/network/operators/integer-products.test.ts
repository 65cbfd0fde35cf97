import { expect } from "chai";
import { at, listOf } from "../../arrays.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { compileModel } from "../../model/compile-model.ts";
import { node, tensor } from "../../onnx/build.ts";
import type { Tensor } from "../../onnx/model.ts";
import { seededRandom } from "../../random.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import { expectLikeOnnxruntime, refusal } from "../../testing/onnxruntime.ts";
import { runNetwork } from "../network.ts";

const random = seededRandom(12);

function integers(type: "uint8" | "int8" | "int32", ...shape: readonly number[]): Tensor {
  const low = { uint8: 0, int8: -128, int32: -500 }[type];
  const count = shape.reduce((product, size) => product * size, 1);
  const span = type === "int32" ? 1000 : 256;
  const values = Float64Array.from({ length: count }, () => low + Math.floor(random() * span));
  return { shape, type, values };
}

function scalar(value: number, type: "float" | "uint8" | "int8" = "float"): Tensor {
  return { shape: [], type, values: Float64Array.of(value) };
}

const NAMES = ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz"];

const CASES: Readonly<Record<string, NetworkParts>> = {
  MatMulInteger: {
    input: { type: "int8", shape: [2, 4] },
    output: { type: "int32", shape: [2, 3] },
    nodes: [node("MatMulInteger", ["x", "w"], "y")],
    initializers: { w: integers("int8", 4, 3) },
  },
  "MatMulInteger with zero points of columns": {
    input: { type: "uint8", shape: [2, 4] },
    output: { type: "int32", shape: [2, 3] },
    nodes: [node("MatMulInteger", ["x", "w", "xz", "wz"], "y")],
    initializers: {
      w: integers("int8", 4, 3),
      xz: scalar(121, "uint8"),
      wz: integers("int8", 3),
    },
  },
  ConvInteger: {
    input: { type: "uint8", shape: [1, 2, 4, 4] },
    output: { type: "int32", shape: [1, 3, 4, 4] },
    nodes: [node("ConvInteger", ["x", "w", "xz", "wz"], "y", { pads: [1, 1, 1, 1] })],
    initializers: {
      w: integers("uint8", 3, 2, 3, 3),
      xz: scalar(9, "uint8"),
      wz: scalar(130, "uint8"),
    },
  },
  QLinearMatMul: {
    input: { type: "uint8", shape: [2, 4] },
    output: { type: "uint8", shape: [2, 3] },
    nodes: [node("QLinearMatMul", NAMES, "y")],
    initializers: {
      xs: scalar(0.02),
      xz: scalar(120, "uint8"),
      w: integers("int8", 4, 3),
      ws: tensor([3], [0.01, 0.03, 0.002]),
      wz: { shape: [3], type: "int8", values: Float64Array.of(0, 3, -7) },
      ys: scalar(0.11),
      yz: scalar(100, "uint8"),
    },
  },
  "QLinearConv of channels with a scale each, and a bias": {
    input: { type: "uint8", shape: [1, 2, 4, 4] },
    output: { type: "uint8", shape: [1, 3, 4, 4] },
    nodes: [node("QLinearConv", [...NAMES, "b"], "y", { pads: [1, 1, 1, 1] })],
    initializers: {
      xs: scalar(0.02),
      xz: scalar(120, "uint8"),
      w: integers("int8", 3, 2, 3, 3),
      ws: tensor([3], [0.01, 0.03, 0.002]),
      wz: { shape: [3], type: "int8", values: new Float64Array(3) },
      ys: scalar(0.3),
      yz: scalar(100, "uint8"),
      b: integers("int32", 3),
    },
  },
};

describe("products of quantised networks", () => {
  for (const [name, parts] of Object.entries(CASES)) {
    it(`${name}: as onnxruntime, and the same in integers`, async () => {
      const network = await expectLikeOnnxruntime(parts);
      const size = parts.input.shape.reduce((product, length) => product * length, 1);
      const low = parts.input.type === "int8" ? -128 : 0;
      const samples = listOf(20, () => listOf(size, () => low + Math.floor(random() * 256)));
      const { graph } = compileModel(onnxFile(parts), { samples });
      for (const sample of samples) {
        const { outputs } = runIntegerGraph(graph, sample);
        expect(Array.from(outputs)).to.deep.equal(runNetwork(network, sample).outputs.flat());
      }
    });
  }

  it("refuses several scales or zero points for the first operand or the result", () => {
    const several = { xs: "scales of its first operand", ys: "scales of its result" };
    for (const name of ["QLinearMatMul", "QLinearConv of channels with a scale each, and a bias"]) {
      const parts = at(
        Object.entries(CASES).filter(([title]) => title === name),
        0,
      )[1];
      const refusedWith = (given: Record<string, Tensor>) =>
        refusal({ ...parts, initializers: { ...parts.initializers, ...given } });
      for (const [input, what] of Object.entries(several)) {
        const error = refusedWith({ [input]: tensor([3], [0.01, 0.02, 0.03]) });
        expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
        expect(error.message).to.contain(`has 3 ${what}`);
      }
      const zeros: Tensor = { shape: [3], type: "uint8", values: Float64Array.of(100, 90, 80) };
      expect(refusedWith({ yz: zeros }).message).to.contain("has 3 zero points of its result");
    }
  });

  it("refuses scales that are computed", () => {
    const parts: NetworkParts = {
      input: { type: "float", shape: [] },
      output: { type: "uint8", shape: [1, 1] },
      nodes: [node("QLinearMatMul", ["w", "x", "xz", "w", "xs", "xz", "xs", "xz"], "y")],
      initializers: { w: integers("uint8", 1, 1), xs: scalar(1), xz: scalar(0, "uint8") },
    };
    expect(refusal(parts).message).to.contain("takes its scale from a computed tensor");
  });
});
