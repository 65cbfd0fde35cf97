import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { attribute, intAttribute, listOperand } from "../attributes.ts";
import { requireInput, resolveAxis, shapeError, type Operator } from "../operator.ts";
import { indexOf, mapPositions, stridesOf, withSize } from "../shape.ts";
import { formsOf, fromForms, rearrange, shapeOf, typeOf } from "../value.ts";

/** ONNX `Concat` along `axis`; constant and computed tensors may be mixed. */
export const concatenate: Operator = (context) => {
  const { node, inputs } = context;
  const values = inputs.map((_, index) => requireInput(context, index));
  const first = requireInput(context, 0);
  const shape = shapeOf(first);
  const axis = resolveAxis(node, intAttribute(node, "axis", 1), shape.length);
  const parts = values.flatMap((value) => {
    requireSameBut(node, axis, [shape, shapeOf(value)]);
    const [forms, strides] = [formsOf(value), stridesOf(shapeOf(value))];
    return listOf(at(shapeOf(value), axis), (place) => ({ forms, strides, place }));
  });
  const joined = withSize(shape, axis, parts.length);
  const forms = mapPositions(joined, (position) => {
    const part = at(parts, at(position, axis));
    return at(part.forms, indexOf(withSize(position, axis, part.place), part.strides));
  });
  return fromForms(joined, forms, typeOf(first));
};

function requireSameBut(
  node: OnnxNode,
  axis: number,
  [left, right]: readonly [readonly number[], readonly number[]],
): void {
  const fits = left.every((size, each) => each === axis || size === right[each]);
  if (fits && left.length === right.length) return;
  throw shapeError(node, `joins [${left.join(", ")}] and [${right.join(", ")}] along axis ${axis}`);
}

/**
 * ONNX `Split` along `axis`: into the given sizes (attribute up to opset 11, input from 13 on), or into `num_outputs`
 * equal parts, of which the last may be smaller.
 */
export const split: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  const strides = stridesOf(shape);
  const sizes = listOperand(context, "split", 1) ?? evenSizes(node, at(shape, axis));
  if (sizes.reduce((sum, size) => sum + size, 0) !== at(shape, axis)) {
    throw shapeError(node, `splits ${at(shape, axis)} elements into [${sizes.join(", ")}]`);
  }
  let next = 0;
  return sizes.map((size) => {
    const start = next;
    next += size;
    return rearrange(
      value,
      withSize(shape, axis, size),
      (position) => indexOf(position, strides) + start * at(strides, axis),
    );
  });
};

function evenSizes(node: OnnxNode, total: number): readonly number[] {
  const count = attribute(node, "num_outputs", "int") ?? node.outputs.length;
  const size = Math.ceil(total / count);
  return listOf(count, (part) => Math.max(0, Math.min(size, total - part * size)));
}
