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
  readonly shape: readonly number[];
  readonly shifted: readonly AffineForm[];
  readonly exponentials: readonly AffineForm[];
  /** Between 1 and the number of elements summed. One for each group. */
  readonly sums: readonly AffineForm[];
  /** Repeats one form per group for the group's elements. */
  readonly widen: (forms: readonly AffineForm[]) => readonly AffineForm[];
}

/**
 * Along the last axis, unless attribute `axis` names another, as from opset 13 on. Before, all axes from `axis` on counted as
 * one: the same where `axis` is the last.
 */
function operandOf(context: OperatorContext): Operand {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", -1), shape.length);
  return { shape, axis, forms: formsOf(value) };
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
  return { shape, shifted, exponentials, sums: groups.map((group) => weigh(group, 1)), widen };
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
export const softmax: Operator = (context) => {
  const operand = operandOf(context);
  return fromForms(operand.shape, softmaxAlong(context, operand));
};

/** The softmax along one axis of a tensor. */
export function softmaxAlong(context: OperatorContext, operand: Operand): readonly AffineForm[] {
  const { exponentials, sums, widen } = partsOf(context, operand);
  const shares = context.apply(SCALAR_FUNCTIONS.reciprocal, sums);
  return context.multiply(exponentials, widen(shares));
}

/** ONNX `LogSoftmax`: `x - max - log(Σ exp(x - max))`. */
export const logSoftmax: Operator = (context) => {
  const { shape, shifted, sums, widen } = partsOf(context, operandOf(context));
  const logarithms = context.apply(SCALAR_FUNCTIONS.log, sums);
  return fromForms(shape, differences(shifted, widen(logarithms)));
};
