import { at } from "../../arrays.ts";
import { combine, isConstantForm, scaleForm, type AffineForm } from "../affine.ts";
import { flagAttribute } from "../attributes.ts";
import { alignInputs } from "../broadcast.ts";
import { mapForms, unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { fromForms } from "../value.ts";

/*
 * All roundings are made of floors. They are exact where their argument is: on integers, on sums and on multiples by powers of two;
 * elsewhere what is close to a whole number may be taken for the next one.
 */

type Forms = readonly AffineForm[];

function shifted(forms: Forms, by: number): AffineForm[] {
  return forms.map((form) => combine([{ weight: 1, form }], by));
}

function scaled(forms: Forms, weight: number): AffineForm[] {
  return forms.map((form) => scaleForm(form, weight));
}

function plus(left: Forms, right: Forms, weight = 1): AffineForm[] {
  return left.map((form, row) =>
    combine([
      { weight: 1, form },
      { weight, form: at(right, row) },
    ]),
  );
}

/** `ceil(x) = -floor(-x)`. */
function ceilings(context: OperatorContext, forms: Forms): AffineForm[] {
  return scaled(context.floor(scaled(forms, -1)), -1);
}

/** Towards zero: the floor of what is above, less that of what is below. */
export function truncate(context: OperatorContext, forms: Forms): AffineForm[] {
  const above = context.floor(context.rectify(forms));
  const below = context.floor(context.rectify(scaled(forms, -1)));
  return plus(above, below, -1);
}

/**
 * To the nearest, halves to the even neighbour: `floor(x + 1/2)`, less 1 where that is odd and `x` is half-way, which is where it
 * differs from `ceil(x - 1/2)`.
 */
export function roundToEven(context: OperatorContext, forms: Forms): AffineForm[] {
  const up = context.floor(shifted(forms, 0.5));
  const down = ceilings(context, shifted(forms, -0.5));
  const isHalf = plus(up, down, -1);
  const isOdd = plus(up, context.floor(scaled(up, 0.5)), -2);
  return plus(up, context.multiply(isHalf, isOdd), -1);
}

/** ONNX `Floor`. */
export const floor: Operator = (context) => mapForms(context, (forms) => context.floor(forms));

/** ONNX `Ceil`. */
export const ceil: Operator = (context) => mapForms(context, (forms) => ceilings(context, forms));

/** ONNX `Round`. */
export const round: Operator = (context) =>
  mapForms(context, (forms) => roundToEven(context, forms));

/** ONNX `Mod` by constants: the result has the divisor's sign, or with `fmod` the dividend's. */
export const modulo: Operator = (context) => {
  const { node } = context;
  const { shape, type, sides } = alignInputs(context);
  const [dividends, divisors] = [at(sides, 0), at(sides, 1)];
  if (!divisors.every((form) => isConstantForm(form) && form.constant !== 0)) {
    throw unsupported(node, "divides by what is computed, or by 0");
  }
  const quotients = dividends.map((form, row) => scaleForm(form, 1 / at(divisors, row).constant));
  const whole = flagAttribute(node, "fmod")
    ? truncate(context, quotients)
    : context.floor(quotients);
  const rests = dividends.map((form, row) =>
    combine([
      { weight: 1, form },
      { weight: -at(divisors, row).constant, form: at(whole, row) },
    ]),
  );
  return fromForms(shape, rests, type);
};
