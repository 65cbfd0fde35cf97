import { expect } from "chai";
import { float, node, tensor } from "../../onnx/build.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import {
  expectLikeOnnxruntime,
  floats,
  folded,
  itAgreesWithOnnxruntime,
  lowered,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

const same = { input: [2, 5], output: [2, 5] };

describe("piecewise linear operators", () => {
  itAgreesWithOnnxruntime({
    Abs: single("Abs", same),
    "LeakyRelu with its default": single("LeakyRelu", same),
    "LeakyRelu with a slope": single("LeakyRelu", { ...same, attributes: { alpha: float(0.3) } }),
    "PRelu with a slope for each column": single("PRelu", {
      ...same,
      constants: { slope: weights(5) },
    }),
    "PRelu with a slope for each channel": single("PRelu", {
      input: [1, 3, 2, 2],
      output: [1, 3, 2, 2],
      constants: { slope: weights(3, 1, 1) },
    }),
    "Clip with attributes": single("Clip", {
      ...same,
      opset: 10,
      attributes: { min: float(-0.5), max: float(1) },
    }),
    "Clip with the lower limit of an old opset": single("Clip", {
      ...same,
      opset: 10,
      attributes: { min: float(-0.5) },
    }),
    "Clip with inputs": single("Clip", {
      ...same,
      constants: { min: tensor([], [-0.25]), max: tensor([], [0.75]) },
    }),
    "Clip with an upper limit only": single("Clip", {
      ...same,
      inputs: ["x", "", "max"],
      constants: { max: tensor([], [0.75]) },
    }),
    "Clip without limits": single("Clip", same),
    "HardSigmoid with its defaults": single("HardSigmoid", same),
    "HardSigmoid with attributes": single("HardSigmoid", {
      ...same,
      attributes: { alpha: float(0.7), beta: float(0.1) },
    }),
    "Max with a constant": single("Max", { ...same, constants: { c: weights(5) } }),
    "Max of three, with broadcasting": {
      input: floats(1, 4),
      output: floats(3, 4),
      nodes: [node("MatMul", ["x", "w"], "m"), node("Max", ["x", "m", "c"], "y")],
      initializers: { w: weights(4, 4), c: weights(3, 1) },
    },
    "Max of one": single("Max", same),
    "Min of three, with broadcasting": {
      input: floats(1, 4),
      output: floats(3, 4),
      nodes: [node("MatMul", ["x", "w"], "m"), node("Min", ["x", "m", "c"], "y")],
      initializers: { w: weights(4, 4), c: weights(3, 1) },
    },
    "ThresholdedRelu with a jump": single("ThresholdedRelu", same),
    "ThresholdedRelu below zero": single("ThresholdedRelu", {
      ...same,
      attributes: { alpha: float(-1.5) },
    }),
    "Shrink without a jump": single("Shrink", {
      ...same,
      attributes: { lambd: float(0.75), bias: float(0.75) },
    }),
    "Shrink with a jump": single("Shrink", { ...same, attributes: { lambd: float(1) } }),
    "ThresholdedRelu at zero": single("ThresholdedRelu", {
      ...same,
      attributes: { alpha: float(0) },
    }),
    "Relu, Max and Abs of constants": {
      input: floats(4),
      output: floats(4),
      nodes: [
        node("Relu", ["a"], "r"),
        node("Max", ["r", "b"], "m"),
        node("Abs", ["b"], "s"),
        node("Sum", ["x", "m", "s"], "y"),
      ],
      initializers: { a: weights(4), b: weights(4) },
    },
    "LeakyRelu of constants": folded("LeakyRelu", {
      output: [6],
      constants: { c: weights(6) },
    }),
  });

  it("does not rectify constants", () => {
    const parts = folded("Abs", { output: [6], constants: { c: weights(6) } });
    expect(lowered(parts).layers).to.deep.equal([]);
  });

  const bent = (operator: string, channels: number): NetworkParts => ({
    input: floats(1, channels, 8),
    output: floats(1, 1, 6),
    nodes: [node("Conv", ["x", "w"], "c"), node(operator, ["c"], "y")],
    initializers: { w: weights(1, channels, 3) },
  });

  it("takes one rectifier for a bend in short forms, and keeps them", async () => {
    const { layers, outputs } = await expectLikeOnnxruntime(bent("LeakyRelu", 21));
    expect(layers).to.have.length(1);
    expect(outputs[0]?.forms[0]?.variables).to.have.length(3 * 21 + 1);
  });

  it("cuts long forms that read different windows off, with two rectifiers", async () => {
    for (const operator of ["LeakyRelu", "Abs"]) {
      const { layers, outputs } = await expectLikeOnnxruntime(bent(operator, 22));
      expect(layers).to.have.length(2);
      expect(outputs[0]?.forms[0]?.variables).to.have.length(2);
    }
  });

  it("keeps long forms that all read the same", async () => {
    const { layers, outputs } = await expectLikeOnnxruntime({
      input: floats(1, 100),
      output: floats(1, 3),
      nodes: [node("MatMul", ["x", "w"], "m"), node("LeakyRelu", ["m"], "y")],
      initializers: { w: weights(100, 3) },
    });
    expect(layers).to.have.length(1);
    expect(outputs[0]?.forms[0]?.variables).to.have.length(101);
  });

  it("takes one rectifier for each operand of Max but the first", () => {
    const { layers } = lowered(
      single("Max", { input: [1], output: [6], constants: { a: weights(6), b: weights(6) } }),
    );
    expect(layers.map(({ forms }) => forms.length)).to.deep.equal([6, 6]);
  });

  it("reads a maximum with a constant by one variable, whatever the other operand reads", () => {
    for (const inputs of [
      ["m", "c"],
      ["c", "m"],
    ]) {
      const { outputs } = lowered({
        input: floats(1, 4),
        output: floats(1, 1),
        nodes: [node("MatMul", ["x", "w"], "m"), node("Max", inputs, "y")],
        initializers: { w: weights(4, 1), c: weights(1) },
      });
      expect(outputs[0]?.forms[0]?.variables).to.have.length(1);
    }
  });

  it("refuses to shrink by less than nothing", () => {
    const error = refusal(single("Shrink", { ...same, attributes: { lambd: float(-1) } }));
    expect(error.message).to.contain("has lambd -1");
  });

  it("refuses a slope that is computed", () => {
    const error = refusal(single("PRelu", { ...same, inputs: ["x", "x"] }));
    expect(error.message).to.contain("takes its slope from a computed tensor");
  });

  it("refuses a slope that does not fit", () => {
    const constants = { slope: weights(3) };
    expect(refusal(single("PRelu", { ...same, constants })).code).to.equal("ONNX_SHAPE_MISMATCH");
  });

  it("refuses an attribute of another kind, by name", () => {
    const error = refusal(single("LeakyRelu", { ...same, attributes: { alpha: 1 } }));
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('has a "alpha" that is no float');
  });
});
