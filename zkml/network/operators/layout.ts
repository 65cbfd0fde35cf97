import { elementCount } from "../../arrays.ts";
import { elementTypeName } from "../../onnx/schema.ts";
import { intAttribute, requireInput, shapeError, unsupported, type Operator } from "../operator.ts";
import { relabel, shapeOf, typeOf } from "../value.ts";

/** ONNX `Identity`. */
export const identity: Operator = (context) => requireInput(context, 0);

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
  const target = requireInput(context, 1);
  if (target.kind !== "constant") throw unsupported(node, "takes its shape from a computed tensor");

  const from = shapeOf(value);
  const copiesZero = intAttribute(node, "allowzero", 0) === 0;
  const wanted = Array.from(target.tensor.values, (size, axis) =>
    size === 0 && copiesZero ? (from[axis] ?? 0) : size,
  );
  const known = elementCount(wanted.filter((size) => size !== -1));
  const shape = wanted.map((size) => (size === -1 ? elementCount(from) / known : size));
  if (elementCount(shape) !== elementCount(from) || !shape.every(Number.isSafeInteger)) {
    throw shapeError(node, `cannot lay [${from.join(", ")}] out as [${wanted.join(", ")}]`);
  }
  return relabel(value, { shape });
};

/** ONNX `Cast`, where it changes no value: to a floating-point type, or from an integer type to a wider one. */
export const cast: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const from = typeOf(value);
  const to = elementTypeName(intAttribute(node, "to", 0));
  const isInteger = from !== "float" && from !== "double";
  if (to === undefined || !(to === "float" || to === "double" || (isInteger && WIDE.has(to)))) {
    throw unsupported(node, `casts ${from} to ${to ?? "an unknown type"}`);
  }
  return relabel(value, { type: to });
};

const WIDE = new Set(["int32", "int64"]);
