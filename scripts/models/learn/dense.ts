import { tensor } from "../../../zkml/onnx/build.ts";
import type { Tensor } from "../../../zkml/onnx/model.ts";
import type { Random } from "../../../zkml/random.ts";
import { addScaled, item, parameter, type Layer, type Parameter } from "./layer.ts";
import { heWeights } from "./random.ts";

/** `W · x + b`; weights are row-major by output. */
export class Dense implements Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Parameter;
  readonly biases: Parameter;
  #input: Float32Array = new Float32Array();

  constructor(inputs: number, outputs: number, random: Random) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.weights = parameter(heWeights(random, inputs, inputs * outputs));
    this.biases = parameter(new Float32Array(outputs));
  }

  get parameters(): readonly Parameter[] {
    return [this.weights, this.biases];
  }

  forward(input: Float32Array): Float32Array {
    this.#input = input;
    const { inputs, weights } = this;
    return this.biases.values.map((bias, row) => {
      let sum = bias;
      for (let k = 0; k < inputs; k++)
        sum += item(weights.values, row * inputs + k) * item(input, k);
      return sum;
    });
  }

  backward(gradient: Float32Array): Float32Array {
    const { inputs: length, weights, biases } = this;
    const passedOn = new Float32Array(length);
    gradient.forEach((factor, row) => {
      if (factor === 0) return;
      const from = row * length;
      biases.gradient[row] = item(biases.gradient, row) + factor;
      addScaled(weights.gradient, from, { source: this.#input, from: 0, length, factor });
      addScaled(passedOn, 0, { source: weights.values, from, length, factor });
    });
    return passedOn;
  }
}

/** Weights and biases as a Gemm with `transB` reads them: `w` and `b` with a number. */
export function denseTensors(
  number: number,
  { inputs, outputs, weights, biases }: Dense,
): [string, Tensor][] {
  return [
    [`w${number}`, tensor([outputs, inputs], weights.values)],
    [`b${number}`, tensor([outputs], biases.values)],
  ];
}
