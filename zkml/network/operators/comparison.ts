import { at } from "../../arrays.ts";
import { constantForm, mix, mixRows, type AffineForm } from "../affine.ts";
import { alignInputs } from "../broadcast.ts";
import { mapForms, type Operator, type OperatorContext } from "../operator.ts";
import { fromForms } from "../value.ts";

/*
 * Comparisons are steps of differences: 1 where a difference is above 0. What is compared has been rounded before, unless it
 * is an input or a whole number.
 */

/** `1 - form`, of something that is 0 or 1. */
export function negation(form: AffineForm): AffineForm {
  return mix([[-1, form]], 1);
}

/** 1 where `left > right`. */
export function isAbove(
  context: OperatorContext,
  left: readonly AffineForm[],
  right: readonly AffineForm[],
): readonly AffineForm[] {
  return context.step(
    mixRows([
      [1, left],
      [-1, right],
    ]),
  );
}

type Relation = (
  context: OperatorContext,
  left: readonly AffineForm[],
  right: readonly AffineForm[],
) => readonly AffineForm[];

function relation(compare: Relation): Operator {
  return (context) => {
    const { shape, sides } = alignInputs(context);
    return fromForms(shape, compare(context, at(sides, 0), at(sides, 1)), "bool");
  };
}

/** ONNX `Greater`. */
export const greater = relation(isAbove);

/** ONNX `Less`. */
export const less = relation((context, left, right) => isAbove(context, right, left));

/** ONNX `GreaterOrEqual`. */
export const greaterOrEqual = relation((context, left, right) =>
  isAbove(context, right, left).map(negation),
);

/** ONNX `LessOrEqual`. */
export const lessOrEqual = relation((context, left, right) =>
  isAbove(context, left, right).map(negation),
);

/** ONNX `Equal`: neither above nor below. */
export const equal = relation((context, left, right) => {
  const sides = isAbove(context, [...left, ...right], [...right, ...left]);
  return mixRows(
    [
      [-1, sides.slice(0, left.length)],
      [-1, sides.slice(left.length)],
    ],
    1,
  );
});

/** ONNX `Sign`: above 0 less below 0. */
export const sign: Operator = (context) =>
  mapForms(context, (forms) => {
    const zeros = forms.map(() => constantForm(0));
    const sides = isAbove(context, [...forms, ...zeros], [...zeros, ...forms]);
    return mixRows([
      [1, sides.slice(0, forms.length)],
      [-1, sides.slice(forms.length)],
    ]);
  });
