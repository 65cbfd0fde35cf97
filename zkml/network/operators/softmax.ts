import { elementCount } from "../../arrays.ts";
import { mixRows, type AffineForm } from "../affine.ts";
import { intAttribute } from "../attributes.ts";
import { spread } from "../broadcast.ts";
import { maximum } from "../extremes.ts";
import { requireInput, resolveAxis, type Operator, type OperatorContext } from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { formsOf, fromForms, shapeOf } from "../value.ts";
import { groupBy, weigh } from "./reduction.ts";

/** What softmax and its logarithm are made of: `x - max`, its exponential, and the sum of those, element by element. */
interface Parts {
  readonly shifted: readonly AffineForm[];
  readonly exponentials: readonly AffineForm[];
  /** Between 1 and the number of elements summed. One for each group. */
  readonly sums: readonly AffineForm[];
  /** Repeats one form per group for the group's elements. */
  readonly widen: (forms: readonly AffineForm[]) => readonly AffineForm[];
}

/** Up to here, attribute `axis` parts the axes into those of a row and those before: all of a row are one axis. */
const LAST_OPSET_OF_ROWS = 12;

/** What a softmax runs over: the last axis, unless attribute `axis` names another; in older opsets, rows from axis 1 on. */
export function softmaxOperand(context: OperatorContext): Operand {
  const { node, opset } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const forms = formsOf(value);
  const ofRows = opset <= LAST_OPSET_OF_ROWS;
  const axis = resolveAxis(node, intAttribute(node, "axis", ofRows ? 1 : -1), shape.length);
  if (!ofRows) return { shape, axis, forms };
  return {
    shape: [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))],
    axis: 1,
    forms,
  };
}

interface Operand {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly forms: readonly AffineForm[];
}

function partsOf(context: OperatorContext, { shape, axis, forms }: Operand): Parts {
  const { node } = context;
  const kept = shape.map((size, k) => (k === axis ? 1 : size));
  const widen = (each: readonly AffineForm[]) => spread(node, fromForms(kept, each), shape);

  const largest = widen(maximum(context, groupBy(fromForms(shape, forms), kept)));
  const shifted = differences(forms, largest);
  const exponentials = context.apply(SCALAR_FUNCTIONS.exp, shifted);
  const groups = groupBy(fromForms(shape, exponentials), kept);
  return { shifted, exponentials, sums: groups.map((group) => weigh(group, 1)), widen };
}

function differences(
  left: readonly AffineForm[],
  right: readonly AffineForm[],
): readonly AffineForm[] {
  return mixRows([
    [1, left],
    [-1, right],
  ]);
}

/** ONNX `Softmax`: `exp(x - max) / Σ exp(x - max)`. */
export const softmax: Operator = (context) =>
  fromForms(shapeOf(requireInput(context, 0)), softmaxAlong(context, softmaxOperand(context)));

/** The softmax along one axis of a tensor. */
export function softmaxAlong(context: OperatorContext, operand: Operand): readonly AffineForm[] {
  const { exponentials, sums, widen } = partsOf(context, operand);
  const shares = context.apply(SCALAR_FUNCTIONS.reciprocal, sums);
  return context.multiply(exponentials, widen(shares));
}

/** ONNX `LogSoftmax`: `x - max - log(Σ exp(x - max))`. */
export const logSoftmax: Operator = (context) => {
  const { shifted, sums, widen } = partsOf(context, softmaxOperand(context));
  const logarithms = context.apply(SCALAR_FUNCTIONS.log, sums);
  return fromForms(shapeOf(requireInput(context, 0)), differences(shifted, widen(logarithms)));
};
