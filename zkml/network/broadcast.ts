import { at, elementCount, listOf } from "../arrays.ts";
import type { OnnxNode } from "../onnx/model.ts";
import type { ElementType } from "../onnx/schema.ts";
import type { AffineForm } from "./affine.ts";
import { intAttribute } from "./attributes.ts";
import { requireInput, shapeError, unsupported, type OperatorContext } from "./operator.ts";
import { formsOf, shapeOf, typeOf, type Value } from "./value.ts";

/** Shape of an element-wise result under numpy's (and ONNX's) multidirectional broadcasting. */
export function broadcastShape(
  node: OnnxNode,
  left: readonly number[],
  right: readonly number[],
): readonly number[] {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[axis - (rank - left.length)] ?? 1;
    const b = right[axis - (rank - right.length)] ?? 1;
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    throw shapeError(node, `cannot broadcast [${left.join(", ")}] with [${right.join(", ")}]`);
  });
}

/** Index in a tensor of shape `from` of the element that lands at `index` of the broadcast `shape`. */
export function broadcastIndex(
  node: OnnxNode,
  { index, shape, from }: { index: number; shape: readonly number[]; from: readonly number[] },
): number {
  let rest = index;
  let stride = 1;
  let source = 0;
  for (let back = 1; back <= shape.length; back++) {
    const size = at(shape, shape.length - back);
    const position = rest % size;
    rest = Math.floor(rest / size);
    const own = from[from.length - back] ?? 1;
    if (own !== 1 && own !== size) {
      throw shapeError(node, `cannot broadcast [${from.join(", ")}] to [${shape.join(", ")}]`);
    }
    if (own !== 1) source += position * stride;
    stride *= own;
  }
  return source;
}

/** The forms of a value, repeated until they fill the broadcast `shape`. */
export function spread(
  node: OnnxNode,
  value: Value,
  shape: readonly number[],
): readonly AffineForm[] {
  const from = shapeOf(value);
  const forms = formsOf(value);
  if (from.length === shape.length && from.every((size, axis) => size === shape[axis]))
    return forms;
  return listOf(elementCount(shape), (index) =>
    at(forms, broadcastIndex(node, { index, shape, from })),
  );
}

/** The operands of an element-wise operator, brought to one shape. */
export interface Operands {
  readonly shape: readonly number[];
  /** The first operand's. */
  readonly type: ElementType;
  readonly sides: readonly (readonly AffineForm[])[];
}

/** All inputs of the node, broadcast against each other. */
export function alignInputs(context: OperatorContext): Operands {
  const { node, inputs } = context;
  if (intAttribute(node, "broadcast", 0) !== 0) {
    throw unsupported(node, 'has attribute "broadcast" of opsets before 7');
  }
  const values = inputs.map((_, index) => requireInput(context, index));
  const shape = values
    .map(shapeOf)
    .reduce(
      (common, each) => broadcastShape(node, common, each),
      shapeOf(requireInput(context, 0)),
    );
  return {
    shape,
    type: typeOf(requireInput(context, 0)),
    sides: values.map((value) => spread(node, value, shape)),
  };
}
