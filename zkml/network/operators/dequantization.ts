import { at, elementCount } from "../../arrays.ts";
import { combine } from "../affine.ts";
import { intAttribute, requireInt } from "../attributes.ts";
import {
  constantInput,
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
} from "../operator.ts";
import { formsOf, fromForms, shapeOf } from "../value.ts";

/** ONNX `DequantizeLinear`: `(x - zero) · scale`, with one constant scale for all elements or one along `axis`. */
export const dequantizeLinear: Operator = (context) => {
  const { node } = context;
  requireInt(node, "block_size", 0);
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const scales = constantInput(context, 1, "scale");
  const zeros = optionalConstant(context, 2, "zero point")?.values;
  const isPerTensor = scales.values.length === 1;
  const axis = isPerTensor ? 0 : resolveAxis(node, intAttribute(node, "axis", 1), shape.length);
  if (!isPerTensor && scales.values.length !== shape[axis]) {
    throw shapeError(node, `has ${scales.values.length} scales along axis ${axis}`);
  }
  const inner = elementCount(shape.slice(axis + 1));
  const forms = formsOf(value).map((form, index) => {
    const place = isPerTensor ? 0 : Math.floor(index / inner) % scales.values.length;
    const weight = at(scales.values, place);
    return combine([{ weight, form }], -weight * (zeros === undefined ? 0 : at(zeros, place)));
  });
  return fromForms(shape, forms);
};
