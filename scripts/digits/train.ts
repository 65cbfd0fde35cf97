/**
 * Trains the digit classifier on MNIST and writes `zkml/models/digits/network.onnx`.
 *
 * Run: npm run digits:train
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { encodeOnnx } from "../../zkml/onnx/encode.ts";
import { node, tensor } from "../../zkml/onnx/build.ts";
import type { OnnxModel } from "../../zkml/onnx/model.ts";
import { trainingDigits } from "./mnist.ts";
import { trainPerceptron, type Perceptron } from "./perceptron.ts";

const HIDDEN = 64;
const OUTPUT = new URL("../../zkml/models/digits/network.onnx", import.meta.url);

const net = trainPerceptron(await trainingDigits(), {
  hidden: HIDDEN,
  epochs: 20,
  batchSize: 64,
  learningRate: 2e-3,
  seed: 1,
  onEpoch: (epoch, loss) => process.stdout.write(`epoch ${epoch}: loss ${loss.toFixed(4)}\n`),
});
await writeFile(OUTPUT, encodeOnnx(toOnnx(net), "opengradient-settlement"));
process.stdout.write(`wrote ${fileURLToPath(OUTPUT)}\n`);

/** Bytes in, ten scores out; the division of pixels by 255 is folded into the first weights. */
function toOnnx({ inputs, hidden, outputs, w1, b1, w2, b2 }: Perceptron): OnnxModel {
  const transposedB = { transB: 1 };
  return {
    opset: 13,
    nodes: [
      node("Cast", ["image"], "pixels", { to: 1 }),
      node("Flatten", ["pixels"], "flat", {}),
      node("Gemm", ["flat", "w1", "b1"], "sum", transposedB),
      node("Relu", ["sum"], "features", {}),
      node("Gemm", ["features", "w2", "b2"], "scores", transposedB),
    ],
    initializers: new Map([
      [
        "w1",
        tensor(
          [hidden, inputs],
          w1.map((weight) => weight / 255),
        ),
      ],
      ["b1", tensor([hidden], b1)],
      ["w2", tensor([outputs, hidden], w2)],
      ["b2", tensor([outputs], b2)],
    ]),
    inputs: [{ name: "image", type: "uint8", shape: [1, 28, 28] }],
    outputs: [{ name: "scores", type: "float", shape: [1, outputs] }],
  };
}
