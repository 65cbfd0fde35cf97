import { at, elementCount, listOf } from "../../arrays.ts";
import { combine, type AffineForm } from "../affine.ts";
import { choiceAttribute, floatAttribute, intAttribute } from "../attributes.ts";
import { spread } from "../broadcast.ts";
import { maximum } from "../extremes.ts";
import {
  channelLayout,
  requireInput,
  resolveAxis,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { power, SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { withSize } from "../shape.ts";
import { formsOf, fromForms, shapeOf, type Value } from "../value.ts";
import { groupBy, reduceAbsolutes, sumsOfSquares, type Group } from "./reduction.ts";

/*
 * Division by what neighbours measure together. Where it is 0, so is what is divided, and no finite number times 0 is anything else.
 */

type Measure = (context: OperatorContext, groups: readonly Group[]) => readonly AffineForm[];

/** One by each measure. */
const RECIPROCALS = {
  L1: (context, groups) =>
    context.apply(SCALAR_FUNCTIONS.reciprocal, reduceAbsolutes(context, groups)),
  L2: (context, groups) =>
    context.apply(SCALAR_FUNCTIONS.reciprocalSqrt, sumsOfSquares(context, groups)),
  MAX: (context, groups) => context.apply(SCALAR_FUNCTIONS.reciprocal, maximum(context, groups)),
} as const satisfies Readonly<Record<string, Measure>>;

function divideAlong(context: OperatorContext, axis: number, reciprocal: Measure): Value {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const kept = withSize(shape, axis, 1);
  const factors = fromForms(kept, reciprocal(context, groupBy(value, kept)));
  const products = context.multiply(formsOf(value), spread(context.node, factors, shape));
  return fromForms(shape, products);
}

/** ONNX `LpNormalization` for `p` 1 and 2. */
export const lpNormalization: Operator = (context) => {
  const { node } = context;
  const axis = intAttribute(node, "axis", -1);
  const p = intAttribute(node, "p", 2);
  if (p !== 1 && p !== 2) throw unsupported(node, `has p ${p}`);
  const resolved = resolveAxis(node, axis, shapeOf(requireInput(context, 0)).length);
  return divideAlong(context, resolved, p === 1 ? RECIPROCALS.L1 : RECIPROCALS.L2);
};

/** ONNX-ML `Normalizer`: rows by their largest element, the sum of their magnitudes, or their length. */
export const normalizer: Operator = (context) => {
  const norm = choiceAttribute(context.node, "norm", ["MAX", "L1", "L2"]);
  const rank = shapeOf(requireInput(context, 0)).length;
  return divideAlong(context, resolveAxis(context.node, -1, rank), RECIPROCALS[norm]);
};

/** ONNX `LRN`: `x / (bias + alpha / size · Σ x²)^beta`, summed over `size` neighbouring channels. */
export const localResponseNormalization: Operator = (context) => {
  const { node } = context;
  const { value, channels, space } = channelLayout(context, 0);
  const size = intAttribute(node, "size", 0);
  if (size <= 0) throw shapeError(node, `sums over ${size} channels`);
  const alpha = floatAttribute(node, "alpha", 0.0001) / size;
  const bias = floatAttribute(node, "bias", 1);
  const plane = elementCount(space);
  const forms = formsOf(value);
  const squares = context.multiply(forms, forms);
  const before = Math.floor((size - 1) / 2);
  const bases = forms.map((_, index) => {
    const channel = Math.floor(index / plane) % channels;
    const steps = listOf(size, (k) => k - before);
    const near = steps.filter((step) => channel + step >= 0 && channel + step < channels);
    const terms = near.map((step) => ({ weight: alpha, form: at(squares, index + step * plane) }));
    return combine(terms, bias);
  });
  const factors = context.apply(power(-floatAttribute(node, "beta", 0.75)), bases);
  return fromForms(shapeOf(value), context.multiply(forms, factors));
};
