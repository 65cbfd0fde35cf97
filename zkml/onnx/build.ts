import type { AttributeValue, OnnxNode, Tensor } from "./model.ts";

/** An ONNX node with one output, by which it is called, and integer attributes. */
export function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number>> = {},
): OnnxNode {
  const entries = Object.entries(attributes).map(([key, value]): [string, AttributeValue] => [
    key,
    { kind: "int", value },
  ]);
  return { name: output, operator, inputs, outputs: [output], attributes: new Map(entries) };
}

/** A float32 tensor. */
export function tensor(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { shape, type: "float", values: Float64Array.from(values) };
}
