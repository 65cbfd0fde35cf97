import type { ElementType } from "./schema.ts";

/** A constant tensor of an ONNX file, its values widened to doubles (exact for float32 and for integers to 2⁵³). */
export interface Tensor {
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly values: Float64Array;
}

export type AttributeValue =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "other" };

/** One operator application. */
export interface OnnxNode {
  /** The node's own name, or its first output where the file gives none. */
  readonly name: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** A graph input, and an output once its graph is lowered: every dimension is a positive number. */
export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** A graph output as the file declares it: dimensions that the file leaves open are `undefined`. */
export interface OutputInfo {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | undefined)[];
}

/** A parsed and checked ONNX model: nodes in topological order, as the format demands. */
export interface OnnxModel {
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly OutputInfo[];
}
