import { at } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, constantForm, isConstantForm, scaleForm, type AffineForm } from "../affine.ts";
import { alignInputs } from "../broadcast.ts";
import { requireInput, unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { power as powerOf, SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { truncate } from "./rounding.ts";
import { formsOf, fromForms, isInteger, shapeOf, typeOf } from "../value.ts";

/** An element-wise sum with broadcasting, in which each operand has a fixed weight. */
function weightedSum(weightOf: (side: number, count: number) => number): Operator {
  return (context) => {
    const { shape, type, sides } = alignInputs(context);
    const [first = []] = sides;
    const forms = first.map((_, index) =>
      combine(
        sides.map((side, k) => ({ weight: weightOf(k, sides.length), form: at(side, index) })),
      ),
    );
    return fromForms(shape, forms, type);
  };
}

/** ONNX `Add` and `Sum`; operands may be constant (a bias) or computed (a residual). */
export const add = weightedSum(() => 1);

/** ONNX `Sub`. */
export const subtract = weightedSum((side) => (side === 0 ? 1 : -1));

/** ONNX `Mean` of several floating-point tensors. */
export const mean = weightedSum((_, count) => 1 / count);

/** ONNX `Neg`. */
export const negate: Operator = (context) => {
  const value = requireInput(context, 0);
  const forms = formsOf(value).map((form) => scaleForm(form, -1));
  return fromForms(shapeOf(value), forms, typeOf(value));
};

/** ONNX `Mul`: by constants at no cost, of computed elements with a constraint each. */
export const multiply: Operator = (context) => {
  const { shape, type, sides } = alignInputs(context);
  const [left = [], right = []] = sides;
  return fromForms(shape, context.multiply(left, right), type);
};

/**
 * ONNX `Div`. By a computed tensor it multiplies with its reciprocal, out of a table; integers, which it divides by constants only,
 * lose what is behind the point.
 */
export const divide: Operator = (context) => {
  const { node } = context;
  const { shape, type, sides } = alignInputs(context);
  const [left = [], right = []] = sides;
  if (!isInteger(type)) return fromForms(shape, quotients(context, left, right), type);
  const exact = left.map((form, index) => scaleForm(form, 1 / divisor(node, at(right, index))));
  return fromForms(shape, truncate(context, exact), type);
};

function quotients(
  context: OperatorContext,
  left: readonly AffineForm[],
  right: readonly AffineForm[],
): readonly AffineForm[] {
  for (const form of right) {
    if (isConstantForm(form)) divisor(context.node, form);
  }
  return context.multiply(left, context.apply(SCALAR_FUNCTIONS.reciprocal, right));
}

function divisor(node: OnnxNode, form: AffineForm): number {
  if (!isConstantForm(form)) throw unsupported(node, "divides by a computed tensor");
  if (form.constant === 0) throw unsupported(node, "divides by zero");
  return form.constant;
}

/** ONNX `Pow` with constant exponents: small whole ones by products, others out of a table; or with positive constant bases. */
export const power: Operator = (context) => {
  const { shape, type, sides } = alignInputs(context);
  const [bases = [], exponents = []] = sides;
  if (bases.every((form) => isConstantForm(form) && form.constant > 0)) {
    const logarithms = exponents.map((form, row) =>
      scaleForm(form, Math.log(at(bases, row).constant)),
    );
    return fromForms(shape, context.apply(SCALAR_FUNCTIONS.exp, logarithms), type);
  }
  const distinct = new Set(exponents.map((form) => requireExponent(context, form)));
  const raised = new Map<number, readonly AffineForm[]>();
  for (const exponent of distinct) {
    const chosen = bases.filter((_, index) => at(exponents, index).constant === exponent);
    raised.set(exponent, raise(context, chosen, exponent));
  }
  const taken = new Map<number, number>();
  const forms = bases.map((_, index) => {
    const exponent = at(exponents, index).constant;
    const next = taken.get(exponent) ?? 0;
    taken.set(exponent, next + 1);
    return at(raised.get(exponent) ?? [], next);
  });
  return fromForms(shape, forms, type);
};

function requireExponent({ node }: OperatorContext, form: AffineForm): number {
  if (isConstantForm(form)) return form.constant;
  throw unsupported(node, "raises to a computed power");
}

/** Beyond this, repeated products lose more than a table does. */
const LARGEST_PRODUCT = 4;

function raise(
  context: OperatorContext,
  bases: readonly AffineForm[],
  exponent: number,
): readonly AffineForm[] {
  if (exponent === 0) return bases.map(() => constantForm(1));
  if (exponent === 1) return bases;
  if (!Number.isInteger(exponent) || exponent < 0 || exponent > LARGEST_PRODUCT)
    return context.apply(powerOf(exponent), bases);
  const rest = raise(context, bases, exponent % 2 === 0 ? exponent / 2 : exponent - 1);
  return context.multiply(rest, exponent % 2 === 0 ? rest : bases);
}
