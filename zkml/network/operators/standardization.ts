import { at, elementCount } from "../../arrays.ts";
import type { Tensor } from "../../onnx/model.ts";
import { combine, type AffineForm } from "../affine.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import {
  channelLayout,
  constantInput,
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { formsOf, fromForms, shapeOf } from "../value.ts";
import { weigh } from "./reduction.ts";

/** `(x - mean) / √(variance + epsilon)` within runs of `length` neighbours. */
function standardize(
  context: OperatorContext,
  forms: readonly AffineForm[],
  length: number,
): readonly AffineForm[] {
  const epsilon = floatAttribute(context.node, "epsilon", 1e-5);
  const runs = Array.from({ length: forms.length / length }, (_, run) =>
    forms.slice(run * length, (run + 1) * length),
  );
  const centred = runs.flatMap((run) => {
    const mean = weigh(run, 1 / length);
    return run.map((form) =>
      combine([
        { weight: 1, form },
        { weight: -1, form: mean },
      ]),
    );
  });
  const squares = context.multiply(centred, centred);
  const variances = runs.map((_, run) =>
    combine(
      squares.slice(run * length, (run + 1) * length).map((form) => ({ weight: 1 / length, form })),
      epsilon,
    ),
  );
  const factors = context.apply(SCALAR_FUNCTIONS.reciprocalSqrt, variances);
  return context.multiply(
    centred,
    centred.map((_, index) => at(factors, Math.floor(index / length))),
  );
}

function affine(
  form: AffineForm,
  { scale, bias }: { readonly scale: number; readonly bias: number },
): AffineForm {
  return combine([{ weight: scale, form }], bias);
}

/** ONNX `InstanceNormalization`: every channel of every element of the batch on its own. */
export const instanceNormalization: Operator = (context) => {
  const { value, channels, space } = channelLayout(context, 0);
  const scale = channelValues(context, 1, channels);
  const bias = channelValues(context, 2, channels);
  const plane = elementCount(space);
  const forms = standardize(context, formsOf(value), plane).map((form, index) => {
    const channel = Math.floor(index / plane) % channels;
    return affine(form, { scale: at(scale, channel), bias: at(bias, channel) });
  });
  return fromForms(shapeOf(value), forms);
};

function channelValues(context: OperatorContext, index: number, channels: number): Float64Array {
  const { values } = constantInput(context, index, index === 1 ? "scale" : "bias");
  if (values.length === channels) return values;
  throw shapeError(context.node, `has ${values.length} values for ${channels} channels`);
}

/** ONNX `LayerNormalization`: over all axes from attribute `axis` on. Only the first output is computed. */
export const layerNormalization: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", -1), shape.length);
  const length = elementCount(shape.slice(axis));
  const scale = lengthOf(context, constantInput(context, 1, "scale"), length);
  const given = optionalConstant(context, 2, "bias");
  const bias = given === undefined ? new Float64Array(length) : lengthOf(context, given, length);
  const forms = standardize(context, formsOf(value), length).map((form, index) =>
    affine(form, { scale: at(scale, index % length), bias: at(bias, index % length) }),
  );
  return fromForms(shape, forms);
};

function lengthOf({ node }: OperatorContext, { values }: Tensor, length: number): Float64Array {
  if (values.length === length) return values;
  throw shapeError(node, `has ${values.length} values for ${length} elements`);
}
