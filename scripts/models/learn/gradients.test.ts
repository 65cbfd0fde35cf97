import { expect } from "chai";
import { at, listOf } from "../../../zkml/arrays.ts";
import { seededRandom } from "../../../zkml/random.ts";
import { Convolution } from "./convolution.ts";
import { Dense } from "./dense.ts";
import type { Layer } from "./layer.ts";
import { gaussian } from "./random.ts";
import { Rectifier } from "./rectifier.ts";
import { crossEntropy, run } from "./train.ts";

const random = seededRandom(3);
const STEP = 1e-3;

/** Finite differences in single precision are this close to gradients. */
const CLOSE = 5e-3;

function vector(length: number): Float32Array {
  return Float32Array.from({ length }, () => gaussian(random));
}

/** Slope of the loss by one of the values, from both sides. */
function slope(values: Float32Array, index: number, loss: () => number): number {
  const middle = at(values, index);
  values[index] = middle + STEP;
  const above = loss();
  values[index] = middle - STEP;
  const below = loss();
  values[index] = middle;
  return (above - below) / (2 * STEP);
}

/** Compares the gradients by all parameters and, unless nothing is passed on, by the input with differences of the loss. */
function expectGradients(layers: readonly Layer[], input: Float32Array): void {
  const label = 1;
  const loss = (): number => crossEntropy(run(layers, input), label).value;
  const { gradient } = crossEntropy(run(layers, input), label);
  const passedOn = layers.reduceRight((each, layer) => layer.backward(each), gradient);
  const pairs = [
    ...layers.flatMap(({ parameters }) => parameters),
    ...(passedOn.length > 0 ? [{ values: input, gradient: passedOn }] : []),
  ];
  for (const { values, gradient: found } of pairs) {
    expect(Math.max(...found.map(Math.abs))).to.be.above(CLOSE);
    for (const index of listOf(values.length, (i) => i)) {
      expect(at(found, index)).to.be.closeTo(slope(values, index, loss), CLOSE);
    }
  }
}

describe("gradients", () => {
  it("are those of a dense network", () => {
    const layers = [new Dense(6, 12, random), new Rectifier(), new Dense(12, 3, random)];
    expectGradients(layers, vector(6));
  });

  it("are those of a convolution whose windows overlap", () => {
    const convolution = new Convolution({ side: 7, kernel: 3, stride: 2, channels: 2 }, random);
    const layers = [convolution, new Rectifier(), new Dense(18, 3, random)];
    expectGradients(layers, vector(49));
  });
});
