import { at, listOf } from "../../arrays.ts";
import type { OnnxNode, Tensor } from "../../onnx/model.ts";
import { intAttribute, listOperand, requireInt } from "../attributes.ts";
import { broadcastShape, spread } from "../broadcast.ts";
import {
  constantInput,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
} from "../operator.ts";
import { indexOf, stridesOf } from "../shape.ts";
import { fromForms, rearrange, shapeOf, typeOf } from "../value.ts";

/** ONNX `Slice`: starts, ends and axes are attributes up to opset 9, inputs (and steps) from 10 on. */
export const slice: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const starts = listOperand(context, "starts", 1) ?? [];
  const ends = listOperand(context, "ends", 2) ?? [];
  const axes = listOperand(context, "axes", 3) ?? starts.map((_, axis) => axis);
  const steps = listOperand(context, "steps", 4) ?? starts.map(() => 1);
  const cuts = shape.map((size) => ({ first: 0, step: 1, count: size }));
  axes.forEach((axis, k) => {
    const resolved = resolveAxis(node, axis, shape.length);
    const range = { start: at(starts, k), end: at(ends, k), step: at(steps, k) };
    cuts[resolved] = cut(node, at(shape, resolved), range);
  });
  const strides = stridesOf(shape);
  return rearrange(
    value,
    cuts.map(({ count }) => count),
    (position) =>
      indexOf(
        cuts.map(({ first, step }, axis) => first + step * at(position, axis)),
        strides,
      ),
  );
};

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

interface Cut {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** Python's rules: negative limits count from the end, and limits beyond the ends stand for the ends. */
function cut(node: OnnxNode, size: number, { start, end, step }: Range): Cut {
  if (step === 0) throw shapeError(node, "has step 0");
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (limit: number) => Math.min(high, Math.max(low, limit < 0 ? limit + size : limit));
  const first = clamp(start);
  return { first, step, count: Math.max(0, Math.ceil((clamp(end) - first) / step)) };
}

/** ONNX `Gather`: slices of the first input along `axis`, by constant indices. */
export const gather: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const indices = constantInput(context, 1, "indices");
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  const places = resolveIndices(node, indices, at(shape, axis));
  const strides = stridesOf(shape);
  const indexStrides = stridesOf(indices.shape);
  const end = axis + indices.shape.length;
  return rearrange(
    value,
    [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)],
    (position) => {
      const place = at(places, indexOf(position.slice(axis, end), indexStrides));
      return indexOf([...position.slice(0, axis), place, ...position.slice(end)], strides);
    },
  );
};

/** ONNX `GatherElements`: for each constant index, the element at its own position, but at the index along `axis`. */
export const gatherElements: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const indices = constantInput(context, 1, "indices");
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  if (indices.shape.length !== shape.length) throw shapeError(node, "has indices of another rank");
  const places = resolveIndices(node, indices, at(shape, axis));
  const strides = stridesOf(shape);
  const indexStrides = stridesOf(indices.shape);
  return rearrange(value, indices.shape, (position) => {
    const place = at(places, indexOf(position, indexStrides));
    return indexOf(
      position.map((own, each) => (each === axis ? place : own)),
      strides,
    );
  });
};

/** ONNX `GatherND`: each constant index vector names a slice. */
export const gatherND: Operator = (context) => {
  const { node } = context;
  requireInt(node, "batch_dims", 0);
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const { vectors, outer, depth } = indexVectors(node, constantInput(context, 1, "indices"), shape);
  const strides = stridesOf(shape);
  const outerStrides = stridesOf(outer);
  return rearrange(value, [...outer, ...shape.slice(depth)], (position) => {
    const vector = at(vectors, indexOf(position, outerStrides));
    return indexOf([...vector, ...position.slice(outer.length)], strides);
  });
};

/** The last axis of an index tensor read as vectors into the first `depth` axes of a tensor. */
export function indexVectors(
  node: OnnxNode,
  indices: Tensor,
  shape: readonly number[],
): { vectors: readonly (readonly number[])[]; outer: readonly number[]; depth: number } {
  const depth = indices.shape[indices.shape.length - 1] ?? 0;
  if (depth === 0 || depth > shape.length) {
    throw shapeError(node, `has index vectors of ${depth} for ${shape.length} axes`);
  }
  const vectors = listOf(indices.values.length / depth, (row) =>
    listOf(depth, (axis) =>
      resolveIndex(node, at(indices.values, row * depth + axis), at(shape, axis)),
    ),
  );
  return { vectors, outer: indices.shape.slice(0, -1), depth };
}

export function resolveIndices(node: OnnxNode, indices: Tensor, size: number): readonly number[] {
  return Array.from(indices.values, (index) => resolveIndex(node, index, size));
}

function resolveIndex(node: OnnxNode, index: number, size: number): number {
  const resolved = index < 0 ? index + size : index;
  if (resolved >= 0 && resolved < size) return resolved;
  throw shapeError(node, `has index ${index} into ${size} elements`);
}

/** ONNX `Where` with a constant condition: picks each element from one of two tensors. */
export const where: Operator = (context) => {
  const { node } = context;
  const condition = constantInput(context, 0, "condition");
  const [yes, no] = [requireInput(context, 1), requireInput(context, 2)];
  const shape = broadcastShape(
    node,
    condition.shape,
    broadcastShape(node, shapeOf(yes), shapeOf(no)),
  );
  const choices = spread(node, { kind: "constant", tensor: condition }, shape);
  const [left, right] = [spread(node, yes, shape), spread(node, no, shape)];
  const forms = choices.map(({ constant }, index) => at(constant === 0 ? right : left, index));
  return fromForms(shape, forms, typeOf(yes));
};
