import { at } from "../../../zkml/arrays.ts";
import type { CompiledModel } from "../../../zkml/model/compile-model.ts";
import { runBoth } from "../both-runs.ts";
import type { DigitSet } from "./mnist.ts";

/** How the integer graph does beside the float network, both on the same images. */
export interface Accuracy {
  readonly images: number;
  /** Images that onnxruntime classifies correctly. */
  readonly floatCorrect: number;
  /** Images that the integer graph classifies correctly. */
  readonly integerCorrect: number;
  /** Images on which the two name different digits. */
  readonly disagreements: number;
  /** Largest difference of a score, in the float network's units. */
  readonly maxScoreError: number;
  /** Largest score less smallest, over all images, to read the error against. */
  readonly scoreRange: number;
}

/** Runs every image through onnxruntime and through the integer graph. */
export async function measureAccuracy(model: CompiledModel, digits: DigitSet): Promise<Accuracy> {
  const runs = await runBoth(model, digits.images);
  let [floatCorrect, integerCorrect, disagreements, maxScoreError] = [0, 0, 0, 0];
  let [lowest, highest] = [Infinity, -Infinity];
  runs.forEach(({ float, integer }, i) => {
    const label = at(digits.labels, i);
    if (argMax(float) === label) floatCorrect++;
    if (argMax(integer) === label) integerCorrect++;
    if (argMax(float) !== argMax(integer)) disagreements++;
    float.forEach((score, k) => {
      maxScoreError = Math.max(maxScoreError, Math.abs(at(integer, k) - score));
    });
    lowest = Math.min(lowest, ...float);
    highest = Math.max(highest, ...float);
  });
  return {
    images: runs.length,
    floatCorrect,
    integerCorrect,
    disagreements,
    maxScoreError,
    scoreRange: highest - lowest,
  };
}

/** Index of the largest value; the first of equal ones. */
function argMax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
