import { at, elementCount } from "../../arrays.ts";
import { attribute, intAttribute, listOperand, requireInt } from "../attributes.ts";
import {
  constantInput,
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  unsupported,
  type Operator,
} from "../operator.ts";
import { relabel, shapeOf } from "../value.ts";

/** ONNX `Identity`. */
export const identity: Operator = (context) => requireInput(context, 0);

/** ONNX `Dropout` at inference, where it drops nothing; its mask must not be read. */
export const dropout: Operator = (context) => {
  const training = optionalConstant(context, 2, "training mode");
  if (training !== undefined && at(training.values, 0) !== 0) {
    throw unsupported(context.node, "is in training mode");
  }
  requireInt(context.node, "is_test", 1);
  return requireInput(context, 0);
};

/** ONNX `Flatten`: dimensions before `axis` become rows, the rest columns. */
export const flatten: Operator = (context) => {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const axis = intAttribute(context.node, "axis", 1);
  const split = axis < 0 ? axis + shape.length : axis;
  return relabel(value, {
    shape: [elementCount(shape.slice(0, split)), elementCount(shape.slice(split))],
  });
};

/** ONNX `Reshape` with a constant target: `0` copies a dimension (unless `allowzero`), one `-1` is inferred. */
export const reshape: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const target = attribute(node, "shape", "ints") ?? constantInput(context, 1, "shape").values;

  const from = shapeOf(value);
  const copiesZero = intAttribute(node, "allowzero", 0) === 0;
  const wanted = Array.from(target, (size, axis) =>
    size === 0 && copiesZero ? (from[axis] ?? 0) : size,
  );
  const known = elementCount(wanted.filter((size) => size !== -1));
  const shape = wanted.map((size) => (size === -1 ? elementCount(from) / known : size));
  if (elementCount(shape) !== elementCount(from) || !shape.every(Number.isSafeInteger)) {
    throw shapeError(node, `cannot lay [${from.join(", ")}] out as [${wanted.join(", ")}]`);
  }
  return relabel(value, { shape });
};

/** ONNX `Squeeze`: drops the given axes (attribute up to opset 11, input from 13 on), or all of size 1. */
export const squeeze: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const given = listOperand(context, "axes", 1);
  const axes = new Set(given?.map((axis) => resolveAxis(node, axis, shape.length)));
  const drops = (size: number, axis: number) => (given === undefined ? size === 1 : axes.has(axis));
  const wide = shape.findIndex((size, axis) => drops(size, axis) && size !== 1);
  if (wide !== -1) throw shapeError(node, `drops axis ${wide} of size ${at(shape, wide)}`);
  return relabel(value, { shape: shape.filter((size, axis) => !drops(size, axis)) });
};

/** ONNX `Unsqueeze`: axes of size 1 at the given places of the result (attribute up to opset 11, input from 13 on). */
export const unsqueeze: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const given = listOperand(context, "axes", 1);
  if (given === undefined) throw shapeError(node, "has no axes");
  const rank = shape.length + given.length;
  const axes = new Set(given.map((axis) => resolveAxis(node, axis, rank)));
  if (axes.size !== given.length) throw shapeError(node, "names an axis twice");
  const sizes = [...shape];
  const widened = Array.from({ length: rank }, (_, axis) =>
    axes.has(axis) ? 1 : (sizes.shift() ?? 1),
  );
  return relabel(value, { shape: widened });
};
