import { elementTypeName, type ElementType } from "../../onnx/schema.ts";
import { intAttribute } from "../attributes.ts";
import { mixRows } from "../affine.ts";
import { requireInput, unsupported, type Operator, type OperatorContext } from "../operator.ts";
import {
  constant,
  formsOf,
  fromForms,
  isInteger,
  relabel,
  shapeOf,
  typeOf,
  type Value,
} from "../value.ts";
import { truncate } from "./rounding.ts";

/**
 * ONNX `Cast`. Of constants: to any type, with the rounding of that type. Of computed tensors: where it changes no
 * value, that is to a floating-point type, or from an integer type to a wider one; from floating point to int32 and int64,
 * towards zero; and to what is true or false.
 */
export const cast: Operator = (context) =>
  castTo(context, elementTypeName(intAttribute(context.node, "to", 0)));

/** ONNX `CastLike`: to the type of the second input. */
export const castLike: Operator = (context) => castTo(context, typeOf(requireInput(context, 1)));

function castTo(context: OperatorContext, to: ElementType | undefined): Value {
  const { node } = context;
  const value = requireInput(context, 0);
  const from = typeOf(value);
  if (to !== undefined && value.kind === "constant") {
    return constant(shapeOf(value), CONVERT[to](value.tensor.values), to);
  }
  if (to === "bool") return isNotZero(context, value);
  if (to === "int32" || to === "int64") return toWhole(context, value, to);
  if (to === undefined || (isInteger(to) && from !== "bool")) {
    throw unsupported(node, `casts ${from} to ${to ?? "an unknown type"}`);
  }
  return relabel(value, { type: to });
}

/** Integers are wide enough; of other numbers, what is behind the point is dropped. */
function toWhole(context: OperatorContext, value: Value, type: ElementType): Value {
  if (isInteger(typeOf(value))) return relabel(value, { type });
  return fromForms(shapeOf(value), truncate(context, formsOf(value)), type);
}

/** Above or below 0. */
function isNotZero(context: OperatorContext, value: Value): Value {
  const forms = formsOf(value);
  const sides = context.step([...forms, ...mixRows([[-1, forms]])]);
  const sums = mixRows([
    [1, sides.slice(0, forms.length)],
    [1, sides.slice(forms.length)],
  ]);
  return fromForms(shapeOf(value), sums, "bool");
}

/** Typed arrays round to nearest and wrap around as casts in C do. */
const CONVERT: Readonly<Record<ElementType, (values: Float64Array) => ArrayLike<number>>> = {
  float: (values) => Float32Array.from(values),
  double: (values) => values,
  uint8: (values) => Uint8Array.from(values),
  int8: (values) => Int8Array.from(values),
  int32: (values) => Int32Array.from(values),
  int64: (values) => values.map(Math.trunc),
  bool: (values) => values.map((value) => (value === 0 ? 0 : 1)),
};
