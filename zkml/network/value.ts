import { elementCount } from "../arrays.ts";
import type { Tensor } from "../onnx/model.ts";
import type { ElementType } from "../onnx/schema.ts";
import { constantForm, type AffineForm } from "./affine.ts";

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

export type Activation = Extract<Value, { kind: "activation" }>;

export function activation(shape: readonly number[], forms: readonly AffineForm[]): Activation {
  return { kind: "activation", shape, type: "float", forms };
}

export function shapeOf(value: Value): readonly number[] {
  return value.kind === "constant" ? value.tensor.shape : value.shape;
}

export function typeOf(value: Value): ElementType {
  return value.kind === "constant" ? value.tensor.type : value.type;
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
