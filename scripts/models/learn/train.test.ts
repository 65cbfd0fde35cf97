import { expect } from "chai";
import { at, listOf } from "../../../zkml/arrays.ts";
import { seededRandom } from "../../../zkml/random.ts";
import { Dense } from "./dense.ts";
import { Rectifier } from "./rectifier.ts";
import { crossEntropy, run, train } from "./train.ts";

const OPTIONS = { epochs: 60, batchSize: 8, learningRate: 1e-2, weightDecay: 0, seed: 2 };

/** Whether exactly one of two coordinates is positive: no linear network can say. */
const random = seededRandom(1);
const POINTS = listOf(200, () => Float32Array.of(2 * random() - 1, 2 * random() - 1));

function labelOf(point: Float32Array): number {
  return at(point, 0) > 0 === at(point, 1) > 0 ? 0 : 1;
}

function trained(seed: number) {
  const start = seededRandom(seed);
  const layers = [new Dense(2, 12, start), new Rectifier(), new Dense(12, 2, start)];
  const lesson = {
    examples: POINTS.length,
    input: (example: number) => at(POINTS, example),
    loss: (scores: Float32Array, example: number) =>
      crossEntropy(scores, labelOf(at(POINTS, example))),
  };
  train(layers, lesson, OPTIONS);
  return layers;
}

describe("training", () => {
  it("learns what is not linear", () => {
    const layers = trained(4);
    const right = POINTS.filter((point) => {
      const scores = run(layers, point);
      return (at(scores, 1) > at(scores, 0) ? 1 : 0) === labelOf(point);
    });
    expect(right.length).to.be.at.least(190);
  });

  it("gives the same weights each time", () => {
    const weights = () =>
      trained(4).flatMap(({ parameters }) => parameters.map(({ values }) => [...values]));
    expect(weights()).to.deep.equal(weights());
  });
});
