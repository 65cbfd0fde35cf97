import { node, tensor } from "../../../zkml/onnx/build.ts";
import type { OnnxModel } from "../../../zkml/onnx/model.ts";
import { ELEMENT_TYPES } from "../../../zkml/onnx/schema.ts";
import { unitSample } from "../int16.ts";
import { boost, type Forest } from "../learn/boosting.ts";
import { forestNode } from "../learn/forest-node.ts";
import type { Model } from "../model.ts";
import { BASIS_POINTS, FEATURES, riskData } from "./data.ts";
import { describeRisk } from "./description.ts";
import { measureRisk } from "./figures.ts";

/** Training positions that set the scales. */
const SAMPLE_COUNT = 200;

const OPTIONS = {
  trees: 48,
  depth: 4,
  learningRate: 0.15,
  limits: 32,
  regularisation: 1,
  smallestLeaf: 50,
} as const;

/** Says how probable it is that a borrower's position is liquidated within a day. */
export const RISK: Model = {
  name: "risk",
  quantisation: { inputType: "int16", weightBits: 14, activationBits: 14 },
  train(onProgress) {
    const { training } = riskData();
    const features = training.map((position) => position.features);
    const happened = training.map(({ isLiquidated }) => isLiquidated);
    const forest = boost(
      { features, happened },
      {
        ...OPTIONS,
        onTree: (tree, loss) => {
          if (tree % 10 === 0) onProgress(`tree ${tree}: loss ${loss.toFixed(4)}`);
        },
      },
    );
    const step = Math.floor(features.length / SAMPLE_COUNT);
    const samples = features.filter((_, i) => i % step === 0).map((row) => Float32Array.from(row));
    return Promise.resolve({
      network: networkOf(forest),
      samples: [...samples, unitSample(FEATURES.length)],
    });
  },
  async describe(model) {
    return describeRisk(await measureRisk(model, riskData()));
  },
};

/** Whole numbers in, basis points of probability out. */
function networkOf(forest: Forest): OnnxModel {
  return {
    opset: 13,
    nodes: [
      forestNode(forest, "position", "log_odds"),
      // Not by the ensemble's own `LOGISTIC`, which onnxruntime leaves out where there is one target (its issue 26596).
      node("Sigmoid", ["log_odds"], "probability"),
      node("Mul", ["probability", "basis_points"], "scaled"),
      // The cast drops what is behind the point: a half more rounds.
      node("Add", ["scaled", "half"], "raised"),
      node("Cast", ["raised"], "risk", { to: ELEMENT_TYPES.int32 }),
    ],
    initializers: new Map([
      ["basis_points", tensor([1], [BASIS_POINTS])],
      ["half", tensor([1], [0.5])],
    ]),
    inputs: [{ name: "position", type: "float", shape: [1, FEATURES.length] }],
    outputs: [{ name: "risk", type: "int32", shape: [1, 1] }],
  };
}
