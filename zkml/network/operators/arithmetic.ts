import { at } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, constantForm, isConstantForm, scaleForm, type AffineForm } from "../affine.ts";
import { alignInputs } from "../broadcast.ts";
import { requireInput, unsupported, type Operator } from "../operator.ts";
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

/** ONNX `Mul`: of each pair of elements, at least one must be constant. */
export const multiply: Operator = (context) => {
  const { shape, type, sides } = alignInputs(context);
  const [left = [], right = []] = sides;
  return fromForms(
    shape,
    left.map((form, index) => product(context.node, form, at(right, index))),
    type,
  );
};

function product(node: OnnxNode, left: AffineForm, right: AffineForm): AffineForm {
  if (isConstantForm(right)) return scaleForm(left, right.constant);
  if (isConstantForm(left)) return scaleForm(right, left.constant);
  throw unsupported(node, "multiplies two computed tensors");
}

/** ONNX `Div` by a constant; between integers, which must both be constant, it drops the fraction. */
export const divide: Operator = (context) => {
  const { shape, type, sides } = alignInputs(context);
  const [left = [], right = []] = sides;
  const divideForms = isInteger(type) ? integerQuotient : quotient;
  return fromForms(
    shape,
    left.map((form, index) => divideForms(context.node, form, at(right, index))),
    type,
  );
};

function quotient(node: OnnxNode, left: AffineForm, right: AffineForm): AffineForm {
  return scaleForm(left, 1 / divisor(node, right));
}

function integerQuotient(node: OnnxNode, left: AffineForm, right: AffineForm): AffineForm {
  if (!isConstantForm(left)) throw unsupported(node, "divides computed integers");
  return constantForm(Math.trunc(left.constant / divisor(node, right)));
}

function divisor(node: OnnxNode, form: AffineForm): number {
  if (!isConstantForm(form)) throw unsupported(node, "divides by a computed tensor");
  if (form.constant === 0) throw unsupported(node, "divides by zero");
  return form.constant;
}
