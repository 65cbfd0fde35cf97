import { at, elementCount } from "../arrays.ts";
import { encodeOnnx } from "../onnx/encode.ts";
import { node, tensor } from "../onnx/build.ts";
import type { OnnxModel, OnnxNode, OutputInfo, Tensor, ValueInfo } from "../onnx/model.ts";
import type { Random } from "../random.ts";

/** Parts of an ONNX model for a test; opset 13 unless it says otherwise. */
export interface NetworkParts {
  readonly opset?: number;
  readonly input: Omit<ValueInfo, "name">;
  readonly output: Omit<OutputInfo, "name">;
  /** Inputs after `x`, and outputs after `y`. */
  readonly more?: {
    readonly inputs?: readonly ValueInfo[];
    readonly outputs?: readonly OutputInfo[];
  };
  readonly nodes: readonly OnnxNode[];
  readonly initializers?: Readonly<Record<string, Tensor>>;
}

/** An ONNX file whose first input is called `x` and whose first output `y`. */
export function onnxFile({
  opset = 13,
  input,
  output,
  more = {},
  nodes,
  initializers = {},
}: NetworkParts): Uint8Array {
  const model: OnnxModel = {
    opset,
    nodes,
    initializers: new Map(Object.entries(initializers)),
    inputs: [{ name: "x", ...input }, ...(more.inputs ?? [])],
    outputs: [{ name: "y", ...output }, ...(more.outputs ?? [])],
  };
  return encodeOnnx(model, "tests");
}

/** A perceptron on bytes: sizes of input, hidden layers and output. */
export function perceptronFile(sizes: readonly number[], random: Random): Uint8Array {
  const nodes: OnnxNode[] = [node("Cast", ["x"], "a0", { to: 1 })];
  const initializers: Record<string, Tensor> = {};
  const layers = sizes.length - 1;
  for (let layer = 1; layer <= layers; layer++) {
    const [inner, outer] = [at(sizes, layer - 1), at(sizes, layer)];
    const isLast = layer === layers;
    initializers[`w${layer}`] = randomTensor([inner, outer], random, 1 / inner);
    initializers[`b${layer}`] = randomTensor([outer], random, 1);
    const sum = isLast ? "y" : `s${layer}`;
    nodes.push(node("Gemm", [`a${layer - 1}`, `w${layer}`, `b${layer}`], sum));
    if (!isLast) nodes.push(node("Relu", [sum], `a${layer}`));
  }
  return onnxFile({
    input: { type: "uint8", shape: [1, at(sizes, 0)] },
    output: { type: "float", shape: [1, at(sizes, layers)] },
    nodes,
    initializers,
  });
}

export function randomTensor(shape: readonly number[], random: Random, scale: number): Tensor {
  const values = Float32Array.from(
    { length: elementCount(shape) },
    () => (2 * random() - 1) * scale,
  );
  return tensor(shape, values);
}

export function randomBytes(length: number, random: Random): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}
