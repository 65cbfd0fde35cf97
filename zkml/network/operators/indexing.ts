import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { intAttribute, listOperand } from "../attributes.ts";
import {
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { formsOf, fromForms, rearrange, shapeOf, typeOf, type Value } from "../value.ts";
import { boundedIndex, entryAt, entryAtAll, type BoundedIndex } from "./computed-index.ts";

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

/** ONNX `Gather`: slices of the first input along `axis`, by indices that may be computed. */
export const gather: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const indices = requireInput(context, 1);
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  const indexShape = shapeOf(indices);
  const indexStrides = stridesOf(indexShape);
  const end = axis + indexShape.length;
  return gatherBy(context, {
    value,
    indices,
    axis,
    shape: [...shape.slice(0, axis), ...indexShape, ...shape.slice(axis + 1)],
    indexAt: (position) => indexOf(position.slice(axis, end), indexStrides),
    sourceAt: (position, place) => [...position.slice(0, axis), place, ...position.slice(end)],
  });
};

/** ONNX `GatherElements`: for each index, the element at its own position, but at the index along `axis`. */
export const gatherElements: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const indices = requireInput(context, 1);
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  const indexShape = shapeOf(indices);
  if (indexShape.length !== shape.length) throw shapeError(node, "has indices of another rank");
  const indexStrides = stridesOf(indexShape);
  return gatherBy(context, {
    value,
    indices,
    axis,
    shape: indexShape,
    indexAt: (position) => indexOf(position, indexStrides),
    sourceAt: (position, place) => position.map((own, each) => (each === axis ? place : own)),
  });
};

interface Gathering {
  readonly value: Value;
  readonly indices: Value;
  /** What the indices point into. */
  readonly axis: number;
  /** Of the result. */
  readonly shape: readonly number[];
  /** Which index an element of the result is for. */
  readonly indexAt: (position: readonly number[]) => number;
  /** Where in `value` an element of the result lies, if its index is `place`. */
  readonly sourceAt: (position: readonly number[], place: number) => readonly number[];
}

function gatherBy(
  context: OperatorContext,
  { value, indices, axis, shape, indexAt, sourceAt }: Gathering,
): Value {
  const strides = stridesOf(shapeOf(value));
  const size = at(shapeOf(value), axis);
  const bounded = formsOf(indices).map((form) => boundedIndex(context, form, size));
  if (indices.kind === "constant") {
    return rearrange(value, shape, (position) =>
      indexOf(sourceAt(position, at(bounded, indexAt(position)).first), strides),
    );
  }
  const entries = formsOf(value);
  const forms = mapPositions(shape, (position) =>
    entryAt(context, at(bounded, indexAt(position)), (place) =>
      at(entries, indexOf(sourceAt(position, place), strides)),
    ),
  );
  return fromForms(shape, forms, typeOf(value));
}

/**
 * ONNX `GatherND`: each index vector names a slice; the first `batch_dims` axes of tensor and indices go together. Elements of the
 * vectors may be computed.
 */
export const gatherND: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const batch = intAttribute(node, "batch_dims", 0);
  const indices = requireInput(context, 1);
  const { vectors, outer, depth } = indexVectors(context, indices, {
    shape: shape.slice(batch),
  });
  const shared = shape.slice(0, batch);
  if (shared.some((size, axis) => outer[axis] !== size)) {
    throw shapeError(node, `has indices of another batch than [${shared.join(", ")}]`);
  }
  const strides = stridesOf(shape);
  const outerStrides = stridesOf(outer);
  const resultShape = [...outer, ...shape.slice(batch + depth)];
  const vectorAt = (position: readonly number[]) => at(vectors, indexOf(position, outerStrides));
  const sourceAt = (position: readonly number[], places: readonly number[]) =>
    indexOf([...position.slice(0, batch), ...places, ...position.slice(outer.length)], strides);
  if (indices.kind === "constant") {
    return rearrange(value, resultShape, (position) =>
      sourceAt(
        position,
        vectorAt(position).map(({ first }) => first),
      ),
    );
  }
  const forms = formsOf(value);
  const gathered = mapPositions(resultShape, (position) => {
    const places = vectorAt(position);
    return entryAtAll(context, places, (named) => at(forms, sourceAt(position, named)));
  });
  return fromForms(resultShape, gathered, typeOf(value));
};

/** The last axis of an index tensor read as vectors into the first `depth` axes of a tensor. */
export function indexVectors(
  context: OperatorContext,
  indices: Value,
  { shape }: { readonly shape: readonly number[] },
): { vectors: readonly (readonly BoundedIndex[])[]; outer: readonly number[]; depth: number } {
  const { node } = context;
  const indexShape = shapeOf(indices);
  const depth = indexShape[indexShape.length - 1] ?? 0;
  if (depth === 0 || depth > shape.length) {
    throw shapeError(node, `has index vectors of ${depth} for ${shape.length} axes`);
  }
  const forms = formsOf(indices);
  const vectors = listOf(forms.length / depth, (row) =>
    listOf(depth, (axis) => boundedIndex(context, at(forms, row * depth + axis), at(shape, axis))),
  );
  return { vectors, outer: indexShape.slice(0, -1), depth };
}
