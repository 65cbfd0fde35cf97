import { ZkmlError } from "../errors.ts";
import type { OnnxNode } from "../onnx/model.ts";
import type { AffineForm } from "./affine.ts";
import type { ScalarFunctionName } from "./scalar-functions.ts";
import type { Value } from "./value.ts";

/** Adds layers of what is not affine; each gives its results as forms. */
export interface LayerBuilder {
  /** `max(0, form)`. */
  rectify(forms: readonly AffineForm[]): readonly AffineForm[];
  /** `form · factor`, one by one. */
  multiply(forms: readonly AffineForm[], factors: readonly AffineForm[]): readonly AffineForm[];
  /** `function(form)`. */
  apply(name: ScalarFunctionName, forms: readonly AffineForm[]): readonly AffineForm[];
}

/** What an operator may use of the graph around it. */
export interface OperatorContext extends LayerBuilder {
  readonly node: OnnxNode;
  /** The node's inputs in order; an optional input that is left out is `undefined`. */
  readonly inputs: readonly (Value | undefined)[];
}

/** Lowers one ONNX node with one output. */
export type Operator = (context: OperatorContext) => Value;

export function requireInput(context: OperatorContext, index: number): Value {
  const value = context.inputs[index];
  if (value !== undefined) return value;
  throw shapeError(context.node, `lacks its input #${index}`);
}

export function intAttribute(node: OnnxNode, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "int" ? attribute.value : fallback;
}

export function floatAttribute(node: OnnxNode, name: string, fallback: number): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "float" ? attribute.value : fallback;
}

export function shapeError(node: OnnxNode, what: string): ZkmlError {
  return new ZkmlError(
    "ONNX_SHAPE_MISMATCH",
    `Node "${node.name}" (${node.operator}) ${what}.`,
    "The graph is inconsistent; export the model again.",
  );
}

export function unsupported(node: OnnxNode, what: string): ZkmlError {
  return new ZkmlError(
    "ONNX_UNSUPPORTED_ATTRIBUTE",
    `Node "${node.name}" (${node.operator}) ${what}, which is not supported.`,
    "Change the model so that this node is not needed.",
  );
}
