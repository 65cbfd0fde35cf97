import { at } from "../../arrays.ts";
import { isConstantForm, mixRows, type AffineForm } from "../affine.ts";
import { alignInputs, broadcastShape, spread } from "../broadcast.ts";
import { mapForms, requireInput, type Operator, type OperatorContext } from "../operator.ts";
import { fromForms, shapeOf, typeOf } from "../value.ts";
import { negation } from "./comparison.ts";

/* What is true or false is 1 or 0, and nothing else: a product is an "and". */

type Connective = (
  context: OperatorContext,
  left: readonly AffineForm[],
  right: readonly AffineForm[],
) => readonly AffineForm[];

function connective(connect: Connective): Operator {
  return (context) => {
    const { shape, sides } = alignInputs(context);
    return fromForms(shape, connect(context, at(sides, 0), at(sides, 1)), "bool");
  };
}

/** ONNX `And`. */
export const and = connective((context, left, right) => context.multiply(left, right));

/** ONNX `Or`: not neither. */
export const or = connective((context, left, right) =>
  context.multiply(left.map(negation), right.map(negation)).map(negation),
);

/** ONNX `Xor`: both less twice their product. */
export const xor = connective((context, left, right) => {
  const products = context.multiply(left, right);
  return mixRows([
    [1, left],
    [1, right],
    [-2, products],
  ]);
});

/** ONNX `Not`. */
export const not: Operator = (context) => mapForms(context, (forms) => forms.map(negation));

/** ONNX `Where`: one of two elements, by a condition that may be computed. */
export const where: Operator = (context) => {
  const { node } = context;
  const condition = requireInput(context, 0);
  const [yes, no] = [requireInput(context, 1), requireInput(context, 2)];
  const shape = broadcastShape(
    node,
    shapeOf(condition),
    broadcastShape(node, shapeOf(yes), shapeOf(no)),
  );
  const forms = choose(context, {
    conditions: spread(node, condition, shape),
    yes: spread(node, yes, shape),
    no: spread(node, no, shape),
  });
  return fromForms(shape, forms, typeOf(yes));
};

export interface Choice {
  /** Each 0 or 1. */
  readonly conditions: readonly AffineForm[];
  readonly yes: readonly AffineForm[];
  readonly no: readonly AffineForm[];
  /** To what the differences may be rounded; see {@link OperatorContext.multiply}. */
  readonly unit?: number;
}

/** `no + condition · (yes - no)`, row by row; where a condition is constant, just the side that it names. */
export function choose(
  context: Pick<OperatorContext, "multiply">,
  { conditions, yes, no, unit = 0 }: Choice,
): AffineForm[] {
  const gains = mixRows([
    [1, yes],
    [-1, no],
  ]);
  const chosen = mixRows([
    [1, no],
    [1, context.multiply(gains, conditions, unit)],
  ]);
  return conditions.map((condition, row) => {
    if (!isConstantForm(condition)) return at(chosen, row);
    return condition.constant === 0 ? at(no, row) : at(yes, row);
  });
}
