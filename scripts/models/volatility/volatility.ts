import { at } from "../../../zkml/arrays.ts";
import { node, tensor } from "../../../zkml/onnx/build.ts";
import type { OnnxModel } from "../../../zkml/onnx/model.ts";
import { ELEMENT_TYPES } from "../../../zkml/onnx/schema.ts";
import { unitSample } from "../int16.ts";
import { denseTensors } from "../learn/dense.ts";
import type { Model } from "../model.ts";
import { rootOfSquares } from "../market/volatility.ts";
import { volatilityData, WINDOW, type Example } from "./data.ts";
import { describeVolatility } from "./description.ts";
import { measureVolatility } from "./figures.ts";
import { TRAINING_UNIT, trainVolatility, type VolatilityNetwork } from "./train.ts";

/** Training windows that set the scales: so many usual ones, and as many with jumps, for rectifiers that nothing else opens. */
const SAMPLE_COUNT = 200;

/** How much of a window's movement is in one return. */
function wildness({ returns }: Example): number {
  const largest = returns.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return largest / Math.max(1, rootOfSquares(returns));
}

/** Forecasts an hour's volatility from four hours of returns. */
export const VOLATILITY: Model = {
  name: "volatility",
  quantisation: { inputType: "int16", weightBits: 14, activationBits: 15 },
  train(onProgress) {
    const { training } = volatilityData();
    const trained = trainVolatility(training, (epoch, loss) => {
      onProgress(`epoch ${epoch}: loss ${loss.toFixed(5)}`);
    });
    const step = Math.floor(training.length / SAMPLE_COUNT);
    const usual = training.filter((_, i) => i % step === 0);
    const wildest = training.toSorted((a, b) => wildness(b) - wildness(a)).slice(0, SAMPLE_COUNT);
    const samples = [...usual, ...wildest].map(({ returns }) => returns);
    return Promise.resolve({
      network: networkOf(trained),
      samples: [...samples, unitSample(WINDOW)],
    });
  },
  async describe(model) {
    return describeVolatility(await measureVolatility(model, volatilityData()));
  },
};

/** Returns in, volatility out, in the same units: those of training are folded into the first and the last weights. */
function networkOf({ first, second, last }: VolatilityNetwork): OnnxModel {
  const scaled = (values: Float32Array, factor: number) => values.map((value) => value * factor);
  // The cast drops what is behind the point: a half more rounds.
  const bias = at(last.biases.values, 0) * TRAINING_UNIT + 0.5;
  return {
    opset: 13,
    nodes: [
      node("Abs", ["returns"], "magnitudes"),
      node("Concat", ["returns", "magnitudes"], "features", { axis: 1 }),
      node("Gemm", ["features", "w1", "b1"], "sums1", { transB: 1 }),
      node("Relu", ["sums1"], "hidden1"),
      node("Gemm", ["hidden1", "w2", "b2"], "sums2", { transB: 1 }),
      node("Relu", ["sums2"], "hidden2"),
      node("Gemm", ["hidden2", "w3", "b3"], "forecast", { transB: 1 }),
      node("Relu", ["forecast"], "positive"),
      node("Cast", ["positive"], "volatility", { to: ELEMENT_TYPES.int32 }),
    ],
    initializers: new Map([
      ...denseTensors(1, first),
      ["w1", tensor([first.outputs, 2 * WINDOW], scaled(first.weights.values, 1 / TRAINING_UNIT))],
      ...denseTensors(2, second),
      ["w3", tensor([1, last.inputs], scaled(last.weights.values, TRAINING_UNIT))],
      ["b3", tensor([1], [bias])],
    ]),
    inputs: [{ name: "returns", type: "float", shape: [1, WINDOW] }],
    outputs: [{ name: "volatility", type: "int32", shape: [1, 1] }],
  };
}
