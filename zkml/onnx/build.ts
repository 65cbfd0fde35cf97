import type { AttributeValue, OnnxNode, Tensor } from "./model.ts";

/** What `node` takes for an attribute: a number is an integer; a float must say so with `float`. */
export type AttributeLiteral = number | string | readonly number[] | AttributeValue;

/** An ONNX node, called by its first output. */
export function node(
  operator: string,
  inputs: readonly string[],
  output: string | readonly [string, ...string[]],
  attributes: Readonly<Record<string, AttributeLiteral>> = {},
): OnnxNode {
  const outputs: readonly [string, ...string[]] = typeof output === "string" ? [output] : output;
  const entries = Object.entries(attributes).map(([name, value]): [string, AttributeValue] => [
    name,
    attribute(value),
  ]);
  return { name: outputs[0], operator, inputs, outputs, attributes: new Map(entries) };
}

function attribute(value: AttributeLiteral): AttributeValue {
  if (typeof value === "number") return { kind: "int", value };
  if (typeof value === "string") return { kind: "string", value };
  return "kind" in value ? value : { kind: "ints", value };
}

export function strings(...value: readonly string[]): AttributeValue {
  return { kind: "strings", value };
}

export function floatList(...value: readonly number[]): AttributeValue {
  return { kind: "floats", value };
}

export function float(value: number): AttributeValue {
  return { kind: "float", value };
}

/** A float32 tensor. */
export function tensor(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { shape, type: "float", values: Float64Array.from(values) };
}

/** A vector of int64, as shapes, axes and indices are given. */
export function int64s(...values: readonly number[]): Tensor {
  return { shape: [values.length], type: "int64", values: Float64Array.from(values) };
}
