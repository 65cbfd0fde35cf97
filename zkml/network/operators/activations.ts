import { mixRows, type AffineForm } from "../affine.ts";
import { choiceAttribute, floatAttribute } from "../attributes.ts";
import { mapForms, type LayerBuilder, type Operator, type OperatorContext } from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";

/*
 * Activations that are made of rectifiers, products and tabulated functions. Whatever grows without bound is left to a
 * rectifier or a product, which are exact everywhere; the table only has to know the part that does not.
 */

function activate(
  given: (context: OperatorContext, forms: readonly AffineForm[]) => readonly AffineForm[],
): Operator {
  return (context) => mapForms(context, (forms) => given(context, forms));
}

/** `max(0, x) + alpha · (exp(min(0, x) / scale) - 1)`: what Elu, Selu and Celu have in common. */
function exponentialUnit(
  builder: LayerBuilder,
  forms: readonly AffineForm[],
  { alpha, scale = 1 }: { readonly alpha: number; readonly scale?: number },
): AffineForm[] {
  const positive = builder.rectify(forms);
  const negative = builder.rectify(mixRows([[-1, forms]]));
  const exponentials = builder.apply(SCALAR_FUNCTIONS.exp, mixRows([[-1 / scale, negative]]));
  return mixRows(
    [
      [1, positive],
      [alpha, exponentials],
    ],
    -alpha,
  );
}

/** ONNX `Elu`. */
export const elu = activate((context, forms) =>
  exponentialUnit(context, forms, { alpha: floatAttribute(context.node, "alpha", 1) }),
);

/** ONNX `Celu`. */
export const celu = activate((context, forms) => {
  const alpha = floatAttribute(context.node, "alpha", 1);
  return exponentialUnit(context, forms, { alpha, scale: alpha });
});

/** ONNX `Selu`. */
export const selu = activate((context, forms) => {
  const alpha = floatAttribute(context.node, "alpha", 1.673_263_2);
  const gamma = floatAttribute(context.node, "gamma", 1.050_701);
  return mixRows([[gamma, exponentialUnit(context, forms, { alpha })]]);
});

/** ONNX `Softplus`: `max(0, x) + log(1 + exp(-|x|))`. */
export const softplus = activate((context, forms) => softplusOf(context, forms));

function softplusOf(builder: LayerBuilder, forms: readonly AffineForm[]): AffineForm[] {
  const positive = builder.rectify(forms);
  // -|x| = x - 2 · max(0, x)
  const magnitudes = mixRows([
    [1, forms],
    [-2, positive],
  ]);
  const tails = builder.apply(SCALAR_FUNCTIONS.logOnePlusExp, magnitudes);
  return mixRows([
    [1, positive],
    [1, tails],
  ]);
}

/** ONNX `Softsign`: `x / (1 + |x|)`. */
export const softsign = activate((context, forms) => {
  const positive = context.rectify(forms);
  const denominators = mixRows(
    [
      [-1, forms],
      [2, positive],
    ],
    1,
  );
  return context.multiply(forms, context.apply(SCALAR_FUNCTIONS.reciprocal, denominators));
});

/** ONNX `Gelu`: `x · (1 + erf(x / √2)) / 2`, or its approximation by tanh. */
export const gelu = activate((context, forms) => {
  if (choiceAttribute(context.node, "approximate", ["none", "tanh"]) === "tanh")
    return context.multiply(forms, context.apply(SCALAR_FUNCTIONS.geluGate, forms));
  const errors = context.apply(SCALAR_FUNCTIONS.erf, mixRows([[Math.SQRT1_2, forms]]));
  return context.multiply(forms, mixRows([[0.5, errors]], 0.5));
});

/** ONNX `HardSwish`: `x · max(0, min(1, x / 6 + 1/2))`. */
export const hardSwish = activate((context, forms) => {
  const raised = context.rectify(mixRows([[1 / 6, forms]], 0.5));
  const excess = context.rectify(mixRows([[1, raised]], -1));
  const gates = mixRows([
    [1, raised],
    [-1, excess],
  ]);
  return context.multiply(forms, gates);
});

/** ONNX `Mish`: `x · tanh(softplus(x))`. */
export const mish = activate((context, forms) =>
  context.multiply(forms, context.apply(SCALAR_FUNCTIONS.tanh, softplusOf(context, forms))),
);

/** ONNX `Swish`: `x · sigmoid(alpha · x)`. */
export const swish = activate((context, forms) => {
  const alpha = floatAttribute(context.node, "alpha", 1);
  return context.multiply(
    forms,
    context.apply(SCALAR_FUNCTIONS.sigmoid, mixRows([[alpha, forms]])),
  );
});

/** ONNX `Atanh`: half the difference of two logarithms, each of which is known as far as the samples reach. */
export const atanh = activate((context, forms) => {
  const sides = [...mixRows([[1, forms]], 1), ...mixRows([[-1, forms]], 1)];
  const logarithms = context.apply(SCALAR_FUNCTIONS.log, sides);
  return mixRows([
    [0.5, logarithms.slice(0, forms.length)],
    [-0.5, logarithms.slice(forms.length)],
  ]);
});
