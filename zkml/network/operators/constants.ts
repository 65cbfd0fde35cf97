import { at, elementCount, listOf } from "../../arrays.ts";
import type { Tensor } from "../../onnx/model.ts";
import { elementTypeName, type ElementType } from "../../onnx/schema.ts";
import { attribute, intAttribute } from "../attributes.ts";
import {
  constantInput,
  requireInput,
  resolveAxis,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { combine, constantForm, isConstantForm, type AffineForm } from "../affine.ts";
import { mapPositions } from "../shape.ts";
import { constant, formsOf, fromForms, shapeOf, typeOf } from "../value.ts";
import { boundedIndex, indicatorsOf, type Indicators } from "./computed-index.ts";

/** ONNX `Constant`: a tensor, or one or several numbers; no strings and no sparse tensors. */
export const literal: Operator = ({ node }) => {
  const tensor = attribute(node, "value", "tensor");
  if (tensor !== undefined) return { kind: "constant", tensor };
  const float = attribute(node, "value_float", "float");
  if (float !== undefined) return constant([], [float], "float");
  const int = attribute(node, "value_int", "int");
  if (int !== undefined) return constant([], [int], "int64");
  const floats = attribute(node, "value_floats", "floats");
  if (floats !== undefined) return constant([floats.length], floats, "float");
  const ints = attribute(node, "value_ints", "ints");
  if (ints !== undefined) return constant([ints.length], ints, "int64");
  throw unsupported(node, "holds neither a tensor nor numbers");
};

/** ONNX `ConstantOfShape`. */
export const filled: Operator = (context) => {
  const shape = Array.from(constantInput(context, 0, "shape").values);
  const { type, values } = attribute(context.node, "value", "tensor") ?? ZERO;
  const value = at(values, 0);
  return constant(
    shape,
    listOf(elementCount(shape), () => value),
    type,
  );
};

const ZERO: Tensor = { shape: [1], type: "float", values: Float64Array.of(0) };

/** ONNX `Shape`, from axis `start` to before axis `end`: known, though the tensor itself may be computed. */
export const shape: Operator = (context) => {
  const sizes = shapeOf(requireInput(context, 0));
  const start = intAttribute(context.node, "start", 0);
  const end = intAttribute(context.node, "end", sizes.length);
  const part = sizes.slice(start, end);
  return constant([part.length], part, "int64");
};

/** ONNX `Size`: the number of elements. */
export const size: Operator = (context) =>
  constant([], [elementCount(shapeOf(requireInput(context, 0)))], "int64");

/** ONNX `IsNaN` and `IsInf`: constants are finite, and so is all that is computed from finite numbers here. */
export const isNotFinite: Operator = (context) => {
  const shape = shapeOf(requireInput(context, 0));
  return constant(shape, new Float64Array(elementCount(shape)), "bool");
};

/** ONNX `Range` from constants. */
export const range: Operator = (context) => {
  const [start, limit, step] = (["start", "limit", "delta"] as const).map((role, index) =>
    at(constantInput(context, index, role).values, 0),
  );
  if (start === undefined || limit === undefined || step === undefined || step === 0) {
    throw shapeError(context.node, "has a delta of 0");
  }
  const values = listOf(Math.max(0, Math.ceil((limit - start) / step)), (k) => start + k * step);
  return constant([values.length], values, typeOf(requireInput(context, 0)));
};

/** ONNX `EyeLike`: ones on the diagonal `k`, in the shape of the input, which may be computed. */
export const eyeLike: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const diagonal = intAttribute(node, "k", 0);
  const code = attribute(node, "dtype", "int");
  const type: ElementType | undefined = code === undefined ? typeOf(value) : elementTypeName(code);
  if (type === undefined) throw unsupported(node, `has dtype ${code ?? ""}`);
  const ones = mapPositions(shapeOf(value), ([row = 0, column = 0]) =>
    column - row === diagonal ? 1 : 0,
  );
  return constant(shapeOf(value), ones, type);
};

/** ONNX `OneHot` of indices that may be computed. */
export const oneHot: Operator = (context) => {
  const { node } = context;
  const indices = requireInput(context, 0);
  const depth = at(constantInput(context, 1, "depth").values, 0);
  const { values, type } = constantInput(context, 2, "values");
  const indexShape = shapeOf(indices);
  const axis = resolveAxis(node, intAttribute(node, "axis", -1), indexShape.length + 1);
  const shape = [...indexShape.slice(0, axis), depth, ...indexShape.slice(axis)];
  const inner = elementCount(indexShape.slice(axis));
  const hot = formsOf(indices).map((index) => hotPlaces(context, index, depth));
  const [off, on] = [at(values, 0), at(values, 1)];
  const forms = listOf(elementCount(shape), (index) => {
    const place = Math.floor(index / inner) % depth;
    const outer = Math.floor(index / inner / depth);
    const found = at(hot, outer * inner + (index % inner)).get(place) ?? constantForm(0);
    return combine([{ weight: on - off, form: found }], off);
  });
  return fromForms(shape, forms, type);
};

/** Whether an index points to each of the places that it can. One beyond all places points nowhere. */
function hotPlaces(context: OperatorContext, form: AffineForm, depth: number): Indicators {
  if (isConstantForm(form) && (form.constant < -depth || form.constant >= depth)) return new Map();
  return indicatorsOf(context, boundedIndex(context, form, depth), "no place");
}
