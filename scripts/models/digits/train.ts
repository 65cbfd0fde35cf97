import { at } from "../../../zkml/arrays.ts";
import { int64s, node, tensor } from "../../../zkml/onnx/build.ts";
import type { OnnxModel } from "../../../zkml/onnx/model.ts";
import { ELEMENT_TYPES } from "../../../zkml/onnx/schema.ts";
import { seededRandom } from "../../../zkml/random.ts";
import { Convolution } from "../learn/convolution.ts";
import { Dense, denseTensors } from "../learn/dense.ts";
import { Rectifier } from "../learn/rectifier.ts";
import { crossEntropy, train } from "../learn/train.ts";
import { redraw } from "./augment.ts";
import { SIDE, type DigitSet } from "./mnist.ts";

/** As many rectifiers as fit a domain of 2^14 beside the pixels; wider windows are free. */
const SHAPE = { side: SIDE, kernel: 8, stride: 4, channels: 8 } as const;
const HIDDEN = 48;
const DIGITS = 10;

const OPTIONS = { epochs: 32, batchSize: 64, learningRate: 2e-3, weightDecay: 1e-2, seed: 1 };

interface DigitNetwork {
  readonly convolution: Convolution;
  readonly hidden: Dense;
  readonly last: Dense;
}

/** Trains the classifier on images that are redrawn each time they are shown. */
export function trainDigits(
  { images, labels }: DigitSet,
  onEpoch: (epoch: number, loss: number) => void,
): OnnxModel {
  const random = seededRandom(OPTIONS.seed);
  const convolution = new Convolution(SHAPE, random);
  const features = convolution.windows ** 2 * SHAPE.channels;
  const hidden = new Dense(features, HIDDEN, random);
  const last = new Dense(HIDDEN, DIGITS, random);
  train(
    [convolution, new Rectifier(), hidden, new Rectifier(), last],
    {
      examples: images.length,
      input: (example, chance) => redraw(at(images, example), chance),
      loss: (scores, example) => crossEntropy(scores, at(labels, example)),
    },
    { ...OPTIONS, onEpoch },
  );
  return networkOf({ convolution, hidden, last });
}

/** Bytes in, ten scores out; the division of pixels by 255 is folded into the first weights. */
function networkOf({ convolution, hidden, last }: DigitNetwork): OnnxModel {
  const { kernel, stride, channels } = SHAPE;
  const byInk = convolution.weights.values.map((weight) => weight / 255);
  return {
    opset: 13,
    nodes: [
      node("Cast", ["image"], "pixels", { to: ELEMENT_TYPES.float }),
      node("Unsqueeze", ["pixels", "batch"], "batched"),
      node("Conv", ["batched", "w1", "b1"], "strokes", {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
      }),
      node("Relu", ["strokes"], "features"),
      node("Flatten", ["features"], "flat"),
      node("Gemm", ["flat", "w2", "b2"], "sums", { transB: 1 }),
      node("Relu", ["sums"], "hidden"),
      node("Gemm", ["hidden", "w3", "b3"], "scores", { transB: 1 }),
    ],
    initializers: new Map([
      ["batch", int64s(0)],
      ["w1", tensor([channels, 1, kernel, kernel], byInk)],
      ["b1", tensor([channels], convolution.biases.values)],
      ...denseTensors(2, hidden),
      ...denseTensors(3, last),
    ]),
    inputs: [{ name: "image", type: "uint8", shape: [1, SIDE, SIDE] }],
    outputs: [{ name: "scores", type: "float", shape: [1, DIGITS] }],
  };
}
