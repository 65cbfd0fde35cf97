import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { OnnxNode, Tensor } from "../onnx/model.ts";
import type { AffineForm } from "./affine.ts";
import type { ScalarFunction } from "./scalar-functions.ts";
import { formsOf, fromForms, shapeOf, typeOf, type Value } from "./value.ts";

/** Inclusive. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Adds layers of what is not affine; each gives its results as forms. Rows without a variable are computed at once. */
export interface LayerBuilder {
  /** `max(0, form)`. */
  rectify(forms: readonly AffineForm[]): readonly AffineForm[];
  /** 1 where `form > 0`, else 0. */
  step(forms: readonly AffineForm[]): readonly AffineForm[];
  /** The largest whole number that is not above `form`. */
  floor(forms: readonly AffineForm[]): readonly AffineForm[];
  /** `form · factor`, one by one. The forms may be rounded to multiples of `unit`, if that is given and not zero. */
  multiply(
    forms: readonly AffineForm[],
    factors: readonly AffineForm[],
    unit?: number,
  ): readonly AffineForm[];
  /** `function(form)`. */
  apply(given: ScalarFunction, forms: readonly AffineForm[]): readonly AffineForm[];
}

/** What an operator may use of the graph around it. */
export interface OperatorContext extends LayerBuilder {
  /** What a form can reach, as far as that is known without samples: infinite where it is not. */
  readonly boundsOf: (form: AffineForm) => Bounds;
  readonly node: OnnxNode;
  /** Version of ONNX's operators that the file is written for. */
  readonly opset: number;
  /** The node's inputs in order; an optional input that is left out is `undefined`. */
  readonly inputs: readonly (Value | undefined)[];
}

/**
 * Lowers one ONNX node: gives its output, or its first outputs in order. What it does not give (a dropout's mask, a
 * pooling's indices) must not be read by the rest of the graph.
 */
export type Operator = (context: OperatorContext) => Value | readonly Value[];

export function requireInput(context: OperatorContext, index: number): Value {
  const value = context.inputs[index];
  if (value !== undefined) return value;
  throw shapeError(context.node, `lacks its input #${index}`);
}

/** An input that must be known when the model is compiled; `role` says in an error what it is. */
export function constantInput(context: OperatorContext, index: number, role: string): Tensor {
  const value = requireInput(context, index);
  if (value.kind === "constant") return value.tensor;
  throw unsupported(context.node, `takes its ${role} from a computed tensor`);
}

/** As `constantInput`, but the input may be left out, also by an empty tensor. */
export function optionalConstant(
  context: OperatorContext,
  index: number,
  role: string,
): Tensor | undefined {
  if (context.inputs[index] === undefined) return undefined;
  const tensor = constantInput(context, index, role);
  return tensor.values.length === 0 ? undefined : tensor;
}

/** Axis `axis` of a tensor of rank `rank`, counted from the end if negative. */
export function resolveAxis(node: OnnxNode, axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(resolved) && resolved >= 0 && resolved < rank) return resolved;
  throw shapeError(node, `has axis ${axis}, but its input has ${rank} dimensions`);
}

/** The input at `index` laid out as batch, channels and the space they extend over. */
export function channelLayout(
  context: OperatorContext,
  index: number,
): { value: Value; batch: number; channels: number; space: readonly number[] } {
  const value = requireInput(context, index);
  const shape = shapeOf(value);
  if (shape.length < 2)
    throw shapeError(context.node, `has an input of shape [${shape.join(", ")}]`);
  return { value, batch: at(shape, 0), channels: at(shape, 1), space: shape.slice(2) };
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

/** The first input with its forms replaced, one for each. */
export function mapForms(
  context: OperatorContext,
  map: (forms: readonly AffineForm[]) => readonly AffineForm[],
): Value {
  const value = requireInput(context, 0);
  return fromForms(shapeOf(value), map(formsOf(value)), typeOf(value));
}
