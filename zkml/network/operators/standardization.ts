import { at, elementCount } from "../../arrays.ts";
import { mix, mixRows, type AffineForm } from "../affine.ts";
import { attribute, floatAttribute, intAttribute } from "../attributes.ts";
import { spread } from "../broadcast.ts";
import {
  channelLayout,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { formsOf, fromForms, relabel, shapeOf, type Value } from "../value.ts";
import { weigh } from "./reduction.ts";

/*
 * What divides by a deviation that is computed: `(x - mean) / √(variance + epsilon)`, and then a scale and a bias. Scales and biases
 * that are constant cost nothing.
 */

/** Number of the group of each element: groups have a mean and a variance each. */
type Owners = readonly number[];

/** Neighbours, `length` at a time. */
function runs(count: number, length: number): Owners {
  return Array.from({ length: count }, (_, index) => Math.floor(index / length));
}

function grouped(forms: readonly AffineForm[], owners: Owners): readonly AffineForm[][] {
  const groups: AffineForm[][] = [];
  forms.forEach((form, index) => (groups[at(owners, index)] ??= []).push(form));
  return groups;
}

function means(forms: readonly AffineForm[], owners: Owners): readonly AffineForm[] {
  return grouped(forms, owners).map((group) => weigh(group, 1 / group.length));
}

/** `x / √(mean of x² + epsilon)` of each group. */
function divideByRoot(
  context: OperatorContext,
  forms: readonly AffineForm[],
  { owners, epsilon }: { readonly owners: Owners; readonly epsilon: number },
): readonly AffineForm[] {
  const powers = mixRows([[1, means(context.multiply(forms, forms), owners)]], epsilon);
  const factors = context.apply(SCALAR_FUNCTIONS.reciprocalSqrt, powers);
  return context.multiply(
    forms,
    owners.map((owner) => at(factors, owner)),
  );
}

function standardize(
  context: OperatorContext,
  forms: readonly AffineForm[],
  { owners, epsilon }: { readonly owners: Owners; readonly epsilon: number },
): readonly AffineForm[] {
  const averages = means(forms, owners);
  const centred = forms.map((form, index) =>
    mix([
      [1, form],
      [-1, at(averages, at(owners, index))],
    ]),
  );
  return divideByRoot(context, centred, { owners, epsilon });
}

function epsilonOf({ node }: OperatorContext): number {
  return floatAttribute(node, "epsilon", 1e-5);
}

/** Inputs #1 and #2 times and plus the forms; both broadcast to their shape, and the second may be left out. */
function scaled(
  context: OperatorContext,
  forms: readonly AffineForm[],
  { shape, label }: { shape: readonly number[]; label?: (value: Value) => Value },
): Value {
  const { node } = context;
  const laidOut = (value: Value) => spread(node, label?.(value) ?? value, shape);
  const products = context.multiply(forms, laidOut(requireInput(context, 1)));
  const bias = context.inputs[2];
  if (bias === undefined) return fromForms(shape, products);
  return fromForms(
    shape,
    mixRows([
      [1, products],
      [1, laidOut(bias)],
    ]),
  );
}

/** A list with one value for each channel, laid out to broadcast over the space behind it. */
function byChannel(context: OperatorContext, channels: number, rank: number) {
  return (value: Value): Value => {
    const count = elementCount(shapeOf(value));
    if (count !== channels)
      throw shapeError(context.node, `has ${count} values for ${channels} channels`);
    return relabel(value, { shape: [channels, ...new Array<number>(rank).fill(1)] });
  };
}

/** ONNX `InstanceNormalization`: every channel of every element of the batch on its own. */
export const instanceNormalization: Operator = (context) => {
  const { value, channels, space } = channelLayout(context, 0);
  const forms = formsOf(value);
  const owners = runs(forms.length, elementCount(space));
  const standard = standardize(context, forms, { owners, epsilon: epsilonOf(context) });
  const label = byChannel(context, channels, space.length);
  return scaled(context, standard, { shape: shapeOf(value), label });
};

/** ONNX `GroupNormalization`: neighbouring channels together; up to opset 20, scale and bias are those of groups. */
export const groupNormalization: Operator = (context) => {
  const { node, opset } = context;
  const { value, channels, space } = channelLayout(context, 0);
  const groups = intAttribute(node, "num_groups", 0);
  if (groups <= 0 || channels % groups !== 0)
    throw shapeError(node, `makes ${groups} groups of ${channels} channels`);
  const forms = formsOf(value);
  const share = channels / groups;
  const owners = runs(forms.length, share * elementCount(space));
  const standard = standardize(context, forms, { owners, epsilon: epsilonOf(context) });
  const ofChannels = byChannel(context, channels, space.length);
  const ofGroups = (given: Value) => {
    const count = elementCount(shapeOf(given));
    if (count !== groups) throw shapeError(node, `has ${count} values for ${groups} groups`);
    const repeated = formsOf(given).flatMap((form) => new Array<AffineForm>(share).fill(form));
    return ofChannels(fromForms([channels], repeated));
  };
  const label = opset < 21 ? ofGroups : ofChannels;
  return scaled(context, standard, { shape: shapeOf(value), label });
};

/** Over all axes from attribute `axis` on. */
function trailing(context: OperatorContext): { value: Value; owners: Owners } {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const axis = resolveAxis(context.node, intAttribute(context.node, "axis", -1), shape.length);
  return { value, owners: runs(elementCount(shape), elementCount(shape.slice(axis))) };
}

/** ONNX `LayerNormalization`. Only the first output is computed. */
export const layerNormalization: Operator = (context) => {
  const { value, owners } = trailing(context);
  const standard = standardize(context, formsOf(value), { owners, epsilon: epsilonOf(context) });
  return scaled(context, standard, { shape: shapeOf(value) });
};

/** ONNX `RMSNormalization`: by the root of the mean square, without subtracting the mean. */
export const rmsNormalization: Operator = (context) => {
  const { value, owners } = trailing(context);
  const forms = divideByRoot(context, formsOf(value), { owners, epsilon: epsilonOf(context) });
  return scaled(context, forms, { shape: shapeOf(value) });
};

/** ONNX `MeanVarianceNormalization` over `axes`, which are all but the channels by default. */
export const meanVarianceNormalization: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const given = attribute(node, "axes", "ints") ?? [0, 2, 3];
  const axes = new Set(given.map((axis) => resolveAxis(node, axis, shape.length)));
  const kept = shape.map((size, axis) => (axes.has(axis) ? 1 : size));
  const strides = stridesOf(kept).map((stride, axis) => (axes.has(axis) ? 0 : stride));
  const owners = mapPositions(shape, (position) => indexOf(position, strides));
  return fromForms(shape, standardize(context, formsOf(value), { owners, epsilon: 0 }));
};
