import { at } from "../../arrays.ts";
import { combine, type AffineForm } from "../affine.ts";
import { choiceAttribute, intAttribute } from "../attributes.ts";
import { maximum, minimum } from "../extremes.ts";
import {
  constantInput,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { formsOf, fromForms, shapeOf, typeOf, type Value } from "../value.ts";
import { indexVectors, resolveIndices } from "./indexing.ts";

/** ONNX `ScatterElements` (and `Scatter`): the reverse of `GatherElements`, into a copy of the first input. */
export const scatterElements: Operator = (context) => {
  const { node } = context;
  const shape = shapeOf(requireInput(context, 0));
  const indices = constantInput(context, 1, "indices");
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  if (indices.shape.length !== shape.length) throw shapeError(node, "has indices of another rank");
  const places = resolveIndices(node, indices, at(shape, axis));
  const strides = stridesOf(shape);
  const indexStrides = stridesOf(indices.shape);
  const targets = mapPositions(indices.shape, (position) => {
    const place = at(places, indexOf(position, indexStrides));
    return indexOf(
      position.map((own, each) => (each === axis ? place : own)),
      strides,
    );
  });
  return scatter(context, targets);
};

/** ONNX `ScatterND`: the reverse of `GatherND`. */
export const scatterND: Operator = (context) => {
  const shape = shapeOf(requireInput(context, 0));
  const indices = constantInput(context, 1, "indices");
  const { vectors, depth } = indexVectors(context.node, indices, shape);
  const strides = stridesOf(shape);
  const targets = vectors.flatMap((vector) =>
    mapPositions(shape.slice(depth), (position) => indexOf([...vector, ...position], strides)),
  );
  return scatter(context, targets);
};

/** Puts the updates, in order, where `targets` says. */
function scatter(context: OperatorContext, targets: readonly number[]): Value {
  const { node } = context;
  const value = requireInput(context, 0);
  const updates = formsOf(requireInput(context, 2));
  if (updates.length !== targets.length) {
    throw shapeError(node, `has ${updates.length} updates for ${targets.length} places`);
  }
  const groups = formsOf(value).map((form) => [form]);
  targets.forEach((target, k) => at(groups, target).push(at(updates, k)));
  const reduction = choiceAttribute(node, "reduction", ["none", "add", "max", "min"]);
  return fromForms(shapeOf(value), REDUCTIONS[reduction](context, groups), typeOf(value));
}

type Groups = readonly (readonly AffineForm[])[];

/** What becomes of an element (first of its group) and its updates. */
const REDUCTIONS = {
  none: (_: OperatorContext, groups: Groups) => groups.map((group) => at(group, group.length - 1)),
  add: (_: OperatorContext, groups: Groups) =>
    groups.map((group) => combine(group.map((form) => ({ weight: 1, form })))),
  max: maximum,
  min: minimum,
} as const;
