import { item, type Parameter } from "./layer.ts";

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Adam (Kingma and Ba, 2015) with decoupled weight decay (Loshchilov and Hutter, 2019) for one parameter, in place. */
export class Adam {
  readonly #parameter: Parameter;
  readonly #weightDecay: number;
  readonly #mean: Float32Array;
  readonly #variance: Float32Array;
  #steps = 0;

  constructor(given: Parameter, weightDecay: number) {
    this.#parameter = given;
    this.#weightDecay = weightDecay;
    this.#mean = new Float32Array(given.values.length);
    this.#variance = new Float32Array(given.values.length);
  }

  /** Steps along the mean gradient of `count` examples, and clears it. */
  step(rate: number, count: number): void {
    const { values, gradient } = this.#parameter;
    const [mean, variance] = [this.#mean, this.#variance];
    this.#steps++;
    const meanBias = 1 - BETA1 ** this.#steps;
    const varianceBias = 1 - BETA2 ** this.#steps;
    for (let i = 0; i < values.length; i++) {
      const g = item(gradient, i) / count;
      const m = BETA1 * item(mean, i) + (1 - BETA1) * g;
      const v = BETA2 * item(variance, i) + (1 - BETA2) * g * g;
      mean[i] = m;
      variance[i] = v;
      const old = item(values, i);
      const direction = m / meanBias / (Math.sqrt(v / varianceBias) + EPSILON);
      values[i] = old - rate * (direction + this.#weightDecay * old);
    }
    gradient.fill(0);
  }
}
