import { at } from "../../zkml/arrays.ts";
import { seededRandom, type Random } from "../../zkml/random.ts";
import type { DigitSet } from "./mnist.ts";

/** A two-layer perceptron: `output = W2 · relu(W1 · x + b1) + b2`, weights row-major by output. */
export interface Perceptron {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly w1: Float32Array;
  readonly b1: Float32Array;
  readonly w2: Float32Array;
  readonly b2: Float32Array;
}

export interface TrainingOptions {
  readonly hidden: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

const CLASSES = 10;

/** Trains on pixel values divided by 255 with softmax cross-entropy and Adam (Kingma and Ba, 2015). Deterministic. */
export function trainPerceptron(digits: DigitSet, options: TrainingOptions): Perceptron {
  const { epochs, batchSize, learningRate } = options;
  const random = seededRandom(options.seed);
  const inputs = at(digits.images, 0).length;
  const net = initialise(inputs, options.hidden, random);
  const tensors = [net.w1, net.b1, net.w2, net.b2];
  const gradients = tensors.map((tensor) => new Float32Array(tensor.length));
  const optimisers = tensors.map((tensor) => new Adam(tensor));
  const order = digits.images.map((_, i) => i);
  const batches = Math.floor(order.length / batchSize);

  for (let epoch = 1; epoch <= epochs; epoch++) {
    shuffle(order, random);
    let loss = 0;
    for (let batch = 0; batch < batches; batch++) {
      for (const gradient of gradients) gradient.fill(0);
      for (const index of order.slice(batch * batchSize, (batch + 1) * batchSize)) {
        loss += backPropagate(net, gradients, at(digits.images, index), at(digits.labels, index));
      }
      const progress = (epoch - 1 + batch / batches) / epochs;
      const rate = (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
      optimisers.forEach((optimiser, i) => {
        optimiser.step(at(gradients, i), rate, batchSize);
      });
    }
    options.onEpoch?.(epoch, loss / (batches * batchSize));
  }
  return net;
}

function initialise(inputs: number, hidden: number, random: Random): Perceptron {
  const he = (fanIn: number, length: number): Float32Array =>
    Float32Array.from({ length }, () => gaussian(random) * Math.sqrt(2 / fanIn));
  return {
    inputs,
    hidden,
    outputs: CLASSES,
    w1: he(inputs, inputs * hidden),
    b1: new Float32Array(hidden),
    w2: he(hidden, hidden * CLASSES),
    b2: new Float32Array(CLASSES),
  };
}

/** Gradients of the four tensors, in the order of `trainPerceptron`. */
type Gradients = readonly Float32Array[];

/** Adds one example's gradients and returns its loss. */
function backPropagate(
  net: Perceptron,
  gradients: Gradients,
  image: Uint8Array,
  label: number,
): number {
  const ink = inkOf(image);
  const activations = hiddenActivations(net, ink);
  const probabilities = softmax(logits(net, activations));
  const errors = probabilities.map((p, k) => p - (k === label ? 1 : 0));
  const hiddenErrors = addOutputGradients(net, gradients, { activations, errors });
  addHiddenGradients(net, gradients, { ink, activations, hiddenErrors });
  return -Math.log(Math.max(1e-12, at(probabilities, label)));
}

/** Pixels that are not blank, with values from 0 to 1. Four in five are blank, which makes training fast. */
interface Ink {
  readonly pixels: Uint16Array;
  readonly values: Float32Array;
}

function inkOf(image: Uint8Array): Ink {
  const pixels = Uint16Array.from(image.keys()).filter((pixel) => image[pixel] !== 0);
  return { pixels, values: Float32Array.from(pixels, (pixel) => at(image, pixel) / 255) };
}

function hiddenActivations({ inputs, w1, b1 }: Perceptron, { pixels, values }: Ink): Float32Array {
  return b1.map((bias, h) => {
    let sum = bias;
    for (let k = 0; k < pixels.length; k++)
      sum += item(w1, h * inputs + (pixels[k] ?? 0)) * item(values, k);
    return Math.max(0, sum);
  });
}

function logits({ hidden, w2, b2 }: Perceptron, activations: Float32Array): number[] {
  return Array.from(b2, (bias, k) =>
    activations.reduce((sum, activation, h) => sum + item(w2, k * hidden + h) * activation, bias),
  );
}

/** Returns the errors passed back to the hidden layer. */
function addOutputGradients(
  { hidden, w2 }: Perceptron,
  gradients: Gradients,
  { activations, errors }: { activations: Float32Array; errors: readonly number[] },
): Float32Array {
  const [weights, biases] = [at(gradients, 2), at(gradients, 3)];
  const hiddenErrors = new Float32Array(hidden);
  errors.forEach((error, k) => {
    add(biases, k, error);
    activations.forEach((activation, h) => {
      add(weights, k * hidden + h, error * activation);
      add(hiddenErrors, h, error * item(w2, k * hidden + h));
    });
  });
  return hiddenErrors;
}

function addHiddenGradients(
  { inputs }: Perceptron,
  gradients: Gradients,
  {
    ink,
    activations,
    hiddenErrors,
  }: { ink: Ink; activations: Float32Array; hiddenErrors: Float32Array },
): void {
  const [weights, biases] = [at(gradients, 0), at(gradients, 1)];
  hiddenErrors.forEach((error, h) => {
    if (item(activations, h) === 0) return;
    add(biases, h, error);
    for (let k = 0; k < ink.pixels.length; k++) {
      add(weights, h * inputs + (ink.pixels[k] ?? 0), error * item(ink.values, k));
    }
  });
}

function add(values: Float32Array, index: number, amount: number): void {
  values[index] = item(values, index) + amount;
}

/** One kind of array only: the engine compiles this to a plain load, which the generic `at` is not. */
function item(values: Float32Array, index: number): number {
  return values[index] ?? 0;
}

function softmax(values: readonly number[]): number[] {
  const peak = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - peak));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

/** Adam with decoupled weight decay, acting on one tensor in place. */
class Adam {
  static readonly BETA1 = 0.9;
  static readonly BETA2 = 0.999;
  static readonly WEIGHT_DECAY = 1e-2;

  readonly #tensor: Float32Array;
  readonly #mean: Float32Array;
  readonly #variance: Float32Array;
  #steps = 0;

  constructor(tensor: Float32Array) {
    this.#tensor = tensor;
    this.#mean = new Float32Array(tensor.length);
    this.#variance = new Float32Array(tensor.length);
  }

  step(gradient: Float32Array, rate: number, batchSize: number): void {
    const { BETA1, BETA2, WEIGHT_DECAY } = Adam;
    const mean = this.#mean;
    const variance = this.#variance;
    const tensor = this.#tensor;
    this.#steps++;
    const meanBias = 1 - BETA1 ** this.#steps;
    const varianceBias = 1 - BETA2 ** this.#steps;
    for (let i = 0; i < tensor.length; i++) {
      const g = (gradient[i] ?? 0) / batchSize;
      const m = BETA1 * (mean[i] ?? 0) + (1 - BETA1) * g;
      const v = BETA2 * (variance[i] ?? 0) + (1 - BETA2) * g * g;
      mean[i] = m;
      variance[i] = v;
      const old = tensor[i] ?? 0;
      tensor[i] =
        old - rate * (m / meanBias / (Math.sqrt(v / varianceBias) + 1e-8) + WEIGHT_DECAY * old);
    }
  }
}

function shuffle(values: number[], random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [at(values, j), at(values, i)];
  }
}

function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
