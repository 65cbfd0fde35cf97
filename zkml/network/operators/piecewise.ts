import { at } from "../../arrays.ts";
import {
  combine,
  constantForm,
  isConstantForm,
  mixRows,
  scaleForm,
  type AffineForm,
} from "../affine.ts";
import { anyFloatAttribute, floatAttribute } from "../attributes.ts";
import { alignInputs, spread } from "../broadcast.ts";
import { maximum, minimum } from "../extremes.ts";
import {
  mapForms,
  requireInput,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { formsOf, fromForms, shapeOf, type Value } from "../value.ts";

/** ONNX `Relu`: `max(0, x)`. */
export const relu: Operator = (context) => mapForms(context, (forms) => context.rectify(forms));

/** ONNX `LeakyRelu`: `x`, times `alpha` where it is negative. */
export const leakyRelu: Operator = (context) => {
  const slope = constantForm(floatAttribute(context.node, "alpha", 0.01));
  return mapForms(context, (forms) =>
    bend(
      context,
      forms,
      forms.map(() => slope),
    ),
  );
};

/** ONNX `PRelu`: `x`, times a constant slope where it is negative. The slope broadcasts to `x`, not the other way. */
export const parametricRelu: Operator = (context) => {
  const value = requireInput(context, 0);
  const slopes = spread(context.node, requireInput(context, 1), shapeOf(value));
  return mapForms(context, (forms) => bend(context, forms, slopes));
};

/** ONNX `Abs`. */
export const absolute: Operator = (context) =>
  mapForms(context, (forms) => absoluteForms(context, forms));

export function absoluteForms(
  context: OperatorContext,
  forms: readonly AffineForm[],
): readonly AffineForm[] {
  return bend(
    context,
    forms,
    forms.map(() => constantForm(-1)),
  );
}

/** ONNX `Max` of any number of tensors, with broadcasting. */
export const max: Operator = (context) => elementExtremes(context, maximum);

/** ONNX `Min` of any number of tensors, with broadcasting. */
export const min: Operator = (context) => elementExtremes(context, minimum);

function elementExtremes(context: OperatorContext, extreme: typeof maximum): Value {
  const { shape, type, sides } = alignInputs(context);
  const [first = []] = sides;
  const groups = first.map((_, index) => sides.map((side) => at(side, index)));
  return fromForms(shape, extreme(context, groups), type);
}

/** ONNX `Clip`: limits are attributes up to opset 6, inputs from 11 on. Where they cross, the upper one holds. */
export const clip: Operator = (context) => {
  const low = limit(context, "min", 1);
  const high = limit(context, "max", 2);
  return mapForms(context, (forms) => clamp(context, forms, { low, high }));
};

/** ONNX `HardSigmoid`: `alpha · x + beta`, kept between 0 and 1. */
export const hardSigmoid: Operator = (context) => {
  const alpha = floatAttribute(context.node, "alpha", 0.2);
  const beta = floatAttribute(context.node, "beta", 0.5);
  return mapForms(context, (forms) => {
    const lines = forms.map((form) => combine([{ weight: alpha, form }], beta));
    return clamp(context, lines, { low: constantForm(0), high: constantForm(1) });
  });
};

/** ONNX `ThresholdedRelu`: `x` above `alpha`, else 0. */
export const thresholdedRelu: Operator = (context) => {
  const alpha = floatAttribute(context.node, "alpha", 1);
  return mapForms(context, (forms) => beyond(context, forms, { limit: alpha, jump: alpha }));
};

/** ONNX `Shrink`: `x - bias` above `lambd`, `x + bias` below `-lambd`, else 0. */
export const shrink: Operator = (context) => {
  const limit = floatAttribute(context.node, "lambd", 0.5);
  const jump = limit - floatAttribute(context.node, "bias", 0);
  if (limit < 0) throw unsupported(context.node, `has lambd ${limit}`);
  return mapForms(context, (forms) =>
    mixRows([
      [1, beyond(context, forms, { limit, jump })],
      [-1, beyond(context, mixRows([[-1, forms]]), { limit, jump })],
    ]),
  );
};

/** `x - limit + jump` where `x > limit`, else 0. Without a jump it needs no comparison. */
function beyond(
  context: OperatorContext,
  forms: readonly AffineForm[],
  { limit, jump }: { readonly limit: number; readonly jump: number },
): readonly AffineForm[] {
  const excess = mixRows([[1, forms]], -limit);
  const rectified = context.rectify(excess);
  if (jump === 0) return rectified;
  return mixRows([
    [1, rectified],
    [jump, context.step(excess)],
  ]);
}

/** Exporters write "no limit" as the largest float32. */
const LARGEST_FLOAT = 3.4e38;

function limit(
  context: OperatorContext,
  name: "min" | "max",
  index: number,
): AffineForm | undefined {
  const value = context.inputs[index];
  if (value !== undefined) return at(formsOf(value), 0);
  const attribute = anyFloatAttribute(context.node, name, Infinity);
  return Math.abs(attribute) < LARGEST_FLOAT ? constantForm(attribute) : undefined;
}

interface Limits {
  readonly low: AffineForm | undefined;
  readonly high: AffineForm | undefined;
}

/** Each form, kept between two others where they are given. */
export function clamp(
  context: OperatorContext,
  forms: readonly AffineForm[],
  { low, high }: Limits,
): readonly AffineForm[] {
  const raised =
    low === undefined
      ? forms
      : maximum(
          context,
          forms.map((form) => [form, low]),
        );
  return high === undefined
    ? raised
    : minimum(
        context,
        raised.map((form) => [form, high]),
      );
}

/**
 * `x` where it is positive, `slope · x` where it is negative.
 *
 * `slope · x + (1 - slope) · max(0, x)` takes one rectifier and keeps the linear part exact, but then everything behind
 * it reads all variables that `x` reads. Where that would grow from layer to layer, it is cut off as
 * `max(0, x) - slope · max(0, -x)`: two rectifiers, two variables.
 */
function bend(
  context: OperatorContext,
  forms: readonly AffineForm[],
  slopes: readonly AffineForm[],
): readonly AffineForm[] {
  const constantSlopes = slopes.map((slope) => {
    if (isConstantForm(slope)) return slope.constant;
    throw unsupported(context.node, "takes its slope from a computed tensor");
  });
  const positive = context.rectify(forms);
  const isCut = readWindows(forms);
  const negative = isCut ? context.rectify(forms.map((form) => scaleForm(form, -1))) : [];
  return forms.map((form, index) => {
    const slope = at(constantSlopes, index);
    const up = at(positive, index);
    return isCut
      ? combine([
          { weight: 1, form: up },
          { weight: -slope, form: at(negative, index) },
        ])
      : combine([
          { weight: slope, form },
          { weight: 1 - slope, form: up },
        ]);
  });
}

/** Forms of at most this many terms may always be carried on. */
const FEW_TERMS = 64;

/**
 * Whether long forms read different variables, as behind a convolution: sums of such forms, window over window, become
 * ever longer. Behind a dense layer, where all forms read the same, they do not.
 */
function readWindows(forms: readonly AffineForm[]): boolean {
  const longest = forms.reduce((most, { variables }) => Math.max(most, variables.length), 0);
  if (longest <= FEW_TERMS) return false;
  const read = new Set<number>();
  for (const { variables } of forms) for (const variable of variables) read.add(variable);
  return read.size > 2 * longest;
}
