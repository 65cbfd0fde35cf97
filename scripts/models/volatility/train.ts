import { at } from "../../../zkml/arrays.ts";
import { seededRandom } from "../../../zkml/random.ts";
import { Dense } from "../learn/dense.ts";
import type { Layer } from "../learn/layer.ts";
import { Rectifier } from "../learn/rectifier.ts";
import { train, type Loss } from "../learn/train.ts";
import { usualVolatility, WINDOW, type Example } from "./data.ts";

/** Units in which the network is trained, in the model's: 0.1 %. */
export const TRAINING_UNIT = 100;

const HIDDEN = [24, 12] as const;

/** The dense layers behind the returns and their magnitudes. */
export interface VolatilityNetwork {
  readonly first: Dense;
  readonly second: Dense;
  readonly last: Dense;
}

export function trainVolatility(
  examples: readonly Example[],
  onEpoch: (epoch: number, loss: number) => void,
): VolatilityNetwork {
  const random = seededRandom(1);
  const [one, two] = HIDDEN;
  const first = new Dense(2 * WINDOW, one, random);
  const second = new Dense(one, two, random);
  const last = new Dense(two, 1, random);
  const layers: Layer[] = [first, new Rectifier(), second, new Rectifier(), last];
  const inputs = examples.map(({ returns }) => withMagnitudes(returns));
  const lesson = {
    examples: examples.length,
    input: (example: number) => at(inputs, example),
    loss: (output: Float32Array, example: number) => relativeError(output, at(examples, example)),
  };
  const options = { epochs: 20, batchSize: 64, learningRate: 2e-3, weightDecay: 1e-2, seed: 1 };
  train(layers, lesson, { ...options, onEpoch });
  return { first, second, last };
}

/** The returns, and then how large each is, in training units. */
function withMagnitudes(returns: Float32Array): Float32Array {
  const scaled = returns.map((value) => value / TRAINING_UNIT);
  return Float32Array.from([...scaled, ...scaled.map(Math.abs)]);
}

/**
 * Square of the error as a part of what is usual in the window, so that quiet assets count as much as wild ones. Its
 * expectation is least at the expected volatility, whatever it is divided by.
 */
function relativeError(output: Float32Array, example: Example): Loss {
  const usual = usualVolatility(example) / TRAINING_UNIT;
  const error = (at(output, 0) - example.realised / TRAINING_UNIT) / usual;
  return { value: error ** 2, gradient: Float32Array.of((2 * error) / usual) };
}
