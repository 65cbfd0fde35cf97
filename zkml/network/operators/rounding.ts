import { at } from "../../arrays.ts";
import { isConstantForm, mix, mixRows, scaleForm, type AffineForm } from "../affine.ts";
import { flagAttribute } from "../attributes.ts";
import { alignInputs } from "../broadcast.ts";
import { mapForms, unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { fromForms } from "../value.ts";

/*
 * All roundings are made of floors. They are exact where their argument is: on integers, on sums and on multiples by powers of two;
 * elsewhere what is close to a whole number may be taken for the next one.
 */

type Forms = readonly AffineForm[];

/** `ceil(x) = -floor(-x)`. */
function ceilings(context: OperatorContext, forms: Forms): AffineForm[] {
  return mixRows([[-1, context.floor(mixRows([[-1, forms]]))]]);
}

/** Towards zero: the floor of what is above, less that of what is below. */
export function truncate(context: OperatorContext, forms: Forms): AffineForm[] {
  const above = context.floor(context.rectify(forms));
  const below = context.floor(context.rectify(mixRows([[-1, forms]])));
  return mixRows([
    [1, above],
    [-1, below],
  ]);
}

/**
 * To the nearest, halves to the even neighbour: `floor(x + 1/2)`, less 1 where that is odd and `x` is half-way, which is where it
 * differs from `ceil(x - 1/2)`.
 */
export function roundToEven(context: OperatorContext, forms: Forms): AffineForm[] {
  const up = context.floor(mixRows([[1, forms]], 0.5));
  const down = ceilings(context, mixRows([[1, forms]], -0.5));
  const isHalf = mixRows([
    [1, up],
    [-1, down],
  ]);
  const isOdd = mixRows([
    [1, up],
    [-2, context.floor(mixRows([[0.5, up]]))],
  ]);
  return mixRows([
    [1, up],
    [-1, context.multiply(isHalf, isOdd)],
  ]);
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
    mix([
      [1, form],
      [-at(divisors, row).constant, at(whole, row)],
    ]),
  );
  return fromForms(shape, rests, type);
};
