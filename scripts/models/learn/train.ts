import { at, listOf } from "../../../zkml/arrays.ts";
import { seededRandom, type Random } from "../../../zkml/random.ts";
import { Adam } from "./adam.ts";
import type { Layer } from "./layer.ts";
import { shuffle } from "./random.ts";

/** How wrong an output is, and the gradient of that. */
export interface Loss {
  readonly value: number;
  readonly gradient: Float32Array;
}

/** What is learnt, example by example. */
export interface Lesson {
  readonly examples: number;
  /** The input of one example; what is drawn makes it another one each time. */
  readonly input: (example: number, random: Random) => Float32Array;
  readonly loss: (output: Float32Array, example: number) => Loss;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Of the first step; it falls to 0 along half a cosine. */
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

/** Trains layers, one behind the other, in place. The same options give the same weights. */
export function train(layers: readonly Layer[], lesson: Lesson, options: TrainingOptions): void {
  const { epochs, batchSize, weightDecay } = options;
  const random = seededRandom(options.seed);
  const optimisers = layers.flatMap(({ parameters }) =>
    parameters.map((each) => new Adam(each, weightDecay)),
  );
  const order = listOf(lesson.examples, (i) => i);
  const batches = Math.floor(order.length / batchSize);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    shuffle(order, random);
    let loss = 0;
    for (let batch = 0; batch < batches; batch++) {
      for (const example of order.slice(batch * batchSize, (batch + 1) * batchSize)) {
        loss += learn(layers, lesson, { example, random });
      }
      const progress = (epoch - 1 + batch / batches) / epochs;
      const rate = (options.learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
      for (const optimiser of optimisers) optimiser.step(rate, batchSize);
    }
    options.onEpoch?.(epoch, loss / (batches * batchSize));
  }
}

/** Adds one example's gradients and returns its loss. */
function learn(
  layers: readonly Layer[],
  lesson: Lesson,
  { example, random }: { readonly example: number; readonly random: Random },
): number {
  const output = run(layers, lesson.input(example, random));
  const { value, gradient } = lesson.loss(output, example);
  layers.reduceRight((passedOn, layer) => layer.backward(passedOn), gradient);
  return value;
}

/** What the layers make of an input. */
export function run(layers: readonly Layer[], input: Float32Array): Float32Array {
  return layers.reduce((value, layer) => layer.forward(value), input);
}

/** Softmax cross-entropy of scores, given the right one. */
export function crossEntropy(scores: Float32Array, label: number): Loss {
  const peak = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - peak));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  const gradient = exponentials.map((value, k) => value / total - (k === label ? 1 : 0));
  return { value: Math.log(total) - (at(scores, label) - peak), gradient };
}
