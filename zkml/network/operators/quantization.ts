import { at, elementCount } from "../../arrays.ts";
import { ELEMENT_TYPES, elementTypeName, type ElementType } from "../../onnx/schema.ts";
import { combine, constantForm, scaleForm, type AffineForm } from "../affine.ts";
import { intAttribute, requireInt } from "../attributes.ts";
import {
  constantInput,
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { formsOf, fromForms, shapeOf, type Value } from "../value.ts";
import { clamp } from "./piecewise.ts";
import { roundToEven } from "./rounding.ts";

/** Scale and zero point of each element: one for all, or one for each place along an axis. */
function scaleOf(context: OperatorContext): (index: number) => { scale: number; zero: number } {
  const { node } = context;
  requireInt(node, "block_size", 0);
  const shape = shapeOf(requireInput(context, 0));
  const scales = constantInput(context, 1, "scale");
  const zeros = optionalConstant(context, 2, "zero point")?.values;
  const isPerTensor = scales.values.length === 1;
  const axis = isPerTensor ? 0 : resolveAxis(node, intAttribute(node, "axis", 1), shape.length);
  if (!isPerTensor && scales.values.length !== shape[axis]) {
    throw shapeError(node, `has ${scales.values.length} scales along axis ${axis}`);
  }
  const inner = elementCount(shape.slice(axis + 1));
  return (index) => {
    const place = isPerTensor ? 0 : Math.floor(index / inner) % scales.values.length;
    return { scale: at(scales.values, place), zero: zeros === undefined ? 0 : at(zeros, place) };
  };
}

/** ONNX `DequantizeLinear`: `(x - zero) · scale`, with one constant scale for all elements or one along `axis`. */
export const dequantizeLinear: Operator = (context) => {
  const { node } = context;
  const code = intAttribute(node, "output_dtype", 0);
  if (code !== 0 && code !== ELEMENT_TYPES.float)
    throw unsupported(node, `has output_dtype ${code}`);
  const value = requireInput(context, 0);
  const scaleAt = scaleOf(context);
  const forms = formsOf(value).map((form, index) => {
    const { scale, zero } = scaleAt(index);
    return combine([{ weight: scale, form }], -scale * zero);
  });
  return fromForms(shapeOf(value), forms);
};

const LIMITS = { uint8: { low: 0, high: 255 }, int8: { low: -128, high: 127 } } as const;

/** That of the zero point or of `output_dtype`, which must not contradict each other; uint8 where neither says. */
function quantizedType(context: OperatorContext): ElementType {
  const { node } = context;
  const ofZero = optionalConstant(context, 2, "zero point")?.type;
  const code = intAttribute(node, "output_dtype", 0);
  if (code === 0) return ofZero ?? "uint8";
  const declared = elementTypeName(code);
  if (declared === undefined) throw unsupported(node, `has output_dtype ${code}`);
  if (ofZero === undefined || ofZero === declared) return declared;
  throw shapeError(node, `has output_dtype ${declared}, but a zero point of ${ofZero}`);
}

/**
 * ONNX `QuantizeLinear`: `round(x / scale) + zero`, kept within the type of the result, which is uint8 or int8.
 * `saturate` is for 8-bit floating-point results, which are refused.
 */
export const quantizeLinear: Operator = (context) => {
  requireInt(context.node, "precision", 0);
  const value = requireInput(context, 0);
  const scaleAt = scaleOf(context);
  const forms = formsOf(value);
  const quotients = forms.map((form, index) => scaleForm(form, 1 / scaleAt(index).scale));
  const zeros = forms.map((_, index) => scaleAt(index).zero);
  return saturated(context, {
    shape: shapeOf(value),
    quotients,
    zeros,
    type: quantizedType(context),
  });
};

/** `round(quotient) + zero`, kept within a type, which must be uint8 or int8. */
export function saturated(
  context: OperatorContext,
  given: {
    readonly shape: readonly number[];
    readonly quotients: readonly AffineForm[];
    readonly zeros: readonly number[];
    readonly type: ElementType;
  },
): Value {
  const { shape, quotients, zeros, type } = given;
  if (type !== "uint8" && type !== "int8") throw unsupported(context.node, `gives ${type}`);
  const { low, high } = LIMITS[type];
  const whole = roundToEven(context, quotients).map((form, index) =>
    combine([{ weight: 1, form }], at(zeros, index)),
  );
  const kept = clamp(context, whole, { low: constantForm(low), high: constantForm(high) });
  return fromForms(shape, kept, type);
}
