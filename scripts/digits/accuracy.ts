import { InferenceSession, Tensor } from "onnxruntime-node";
import type { CompiledModel } from "../../zkml/model/compile-model.ts";
import { decodeTensors, dequantiseTensors } from "../../zkml/integer/tensor-spec.ts";
import { infer } from "../../zkml/integer/run.ts";
import { at } from "../../zkml/arrays.ts";
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
export async function measureAccuracy(
  { onnx, graph }: CompiledModel,
  digits: DigitSet,
): Promise<Accuracy> {
  const session = await InferenceSession.create(onnx);
  let [floatCorrect, integerCorrect, disagreements, maxScoreError] = [0, 0, 0, 0];
  let [lowest, highest] = [Infinity, -Infinity];
  for (const [i, image] of digits.images.entries()) {
    const scores = await runFloat(session, image);
    const found = decodeTensors(graph.outputs, infer(graph, image));
    const integers = at(dequantiseTensors(graph.outputs, found), 0);
    const label = at(digits.labels, i);
    if (argMax(scores) === label) floatCorrect++;
    if (argMax(integers) === label) integerCorrect++;
    if (argMax(scores) !== argMax(integers)) disagreements++;
    for (const [k, score] of scores.entries()) {
      maxScoreError = Math.max(maxScoreError, Math.abs(at(integers, k) - score));
    }
    lowest = Math.min(lowest, ...scores);
    highest = Math.max(highest, ...scores);
  }
  await session.release();
  return {
    images: digits.images.length,
    floatCorrect,
    integerCorrect,
    disagreements,
    maxScoreError,
    scoreRange: highest - lowest,
  };
}

async function runFloat(session: InferenceSession, image: Uint8Array): Promise<number[]> {
  const { scores } = await session.run({ image: new Tensor("uint8", image, [1, 28, 28]) });
  if (!(scores?.data instanceof Float32Array))
    throw new TypeError("the network has no float output named scores");
  return Array.from(scores.data);
}

/** Index of the largest value; the first of equal ones. */
function argMax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
