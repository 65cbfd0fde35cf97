import { at, elementCount } from "../arrays.ts";
import type { Tensor } from "../onnx/model.ts";
import type { ElementType } from "../onnx/schema.ts";
import { constantForm, isConstantForm, type AffineForm } from "./affine.ts";
import { mapPositions } from "./shape.ts";

/** What a name in the ONNX graph stands for while the graph is lowered. */
export type Value =
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | {
      readonly kind: "activation";
      readonly shape: readonly number[];
      readonly type: ElementType;
      /** Row-major, one per element. */
      readonly forms: readonly AffineForm[];
    };

export function constant(
  shape: readonly number[],
  values: ArrayLike<number>,
  type: ElementType,
): Value {
  return { kind: "constant", tensor: { shape, type, values: Float64Array.from(values) } };
}

/**
 * A tensor of forms. If none of them reads a variable it is a constant: so an operator on constants alone needs no code
 * of its own, and its result may be a shape or a list of indices.
 */
export function fromForms(
  shape: readonly number[],
  forms: readonly AffineForm[],
  type: ElementType = "float",
): Value {
  if (!forms.every(isConstantForm)) return { kind: "activation", shape, type, forms };
  const values = forms.map((form) => form.constant);
  return constant(shape, values, type);
}

export function shapeOf(value: Value): readonly number[] {
  return value.kind === "constant" ? value.tensor.shape : value.shape;
}

export function typeOf(value: Value): ElementType {
  return value.kind === "constant" ? value.tensor.type : value.type;
}

export function isInteger(type: ElementType): boolean {
  return type !== "float" && type !== "double";
}

/** The forms of a value; a constant's elements become constant forms. */
export function formsOf(value: Value): readonly AffineForm[] {
  return value.kind === "activation" ? value.forms : Array.from(value.tensor.values, constantForm);
}

/** The same elements in the same order under another shape or element type. */
export function relabel(
  value: Value,
  label: { shape?: readonly number[]; type?: ElementType },
): Value {
  const shape = label.shape ?? shapeOf(value);
  const type = label.type ?? typeOf(value);
  if (elementCount(shape) !== elementCount(shapeOf(value))) {
    throw new RangeError(
      `cannot lay ${elementCount(shapeOf(value))} elements out as [${shape.join(", ")}]`,
    );
  }
  return value.kind === "constant"
    ? { kind: "constant", tensor: { shape, type, values: value.tensor.values } }
    : { ...value, shape, type };
}

/** Index that stands for no element: the filling is taken instead. */
export const FILLED = -1;

/** A tensor whose elements are elements of another: `source` gives the row-major index of each, or `FILLED`. */
export function rearrange(
  value: Value,
  shape: readonly number[],
  source: (position: readonly number[]) => number,
  filling = 0,
): Value {
  const sources = mapPositions(shape, source);
  if (value.kind === "constant") {
    const { type, values } = value.tensor;
    const picked = sources.map((index) => (index === FILLED ? filling : at(values, index)));
    return constant(shape, picked, type);
  }
  const { type, forms } = value;
  const filler = constantForm(filling);
  const picked = sources.map((index) => (index === FILLED ? filler : at(forms, index)));
  return fromForms(shape, picked, type);
}
