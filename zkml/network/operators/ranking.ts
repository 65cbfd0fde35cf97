import { at, listOf } from "../../arrays.ts";
import { constantForm, mixRows, scaleForm, type AffineForm } from "../affine.ts";
import { attribute, flagAttribute, intAttribute } from "../attributes.ts";
import {
  constantInput,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { formsOf, fromForms, shapeOf, typeOf } from "../value.ts";
import { isAbove } from "./comparison.ts";
import { choose } from "./logic.ts";

/** An element and where it stood, which may be computed. */
interface Candidate {
  readonly value: AffineForm;
  readonly index: AffineForm;
}

/**
 * The first largest of each list. Neighbours are compared round by round; the right one wins only if it is above the left, so the
 * first of equals does. `n - 1` comparisons, and for each a product for the element and one for its place.
 */
function winners(
  context: OperatorContext,
  lists: readonly (readonly Candidate[])[],
): readonly Candidate[] {
  if (lists.every(({ length }) => length === 1)) return lists.map((list) => at(list, 0));
  const pairs = lists.flatMap((list) =>
    listOf(list.length >> 1, (k) => [at(list, 2 * k), at(list, 2 * k + 1)] as const),
  );
  const conditions = isAbove(
    context,
    pairs.map(([, right]) => right.value),
    pairs.map(([left]) => left.value),
  );
  const pick = (part: (candidate: Candidate) => AffineForm) =>
    choose(context, {
      conditions,
      yes: pairs.map(([, right]) => part(right)),
      no: pairs.map(([left]) => part(left)),
    });
  const isLast = lists.every(({ length }) => length === 2);
  // Nobody asks for the last winner's element.
  const values = isLast ? pairs.map(() => constantForm(0)) : pick(({ value }) => value);
  const indices = pick(({ index }) => index);
  let next = 0;
  const rest = lists.map((list) => {
    const halved = listOf(list.length >> 1, () => {
      const row = next++;
      return { value: at(values, row), index: at(indices, row) };
    });
    return list.length % 2 === 0 ? halved : [...halved, at(list, list.length - 1)];
  });
  return winners(context, rest);
}

/** Where the first largest form of each list stands. */
export function firstLargest(
  context: OperatorContext,
  lists: readonly (readonly AffineForm[])[],
): readonly AffineForm[] {
  const candidates = lists.map((list) =>
    list.map((value, k) => ({ value, index: constantForm(k) })),
  );
  return winners(context, candidates).map(({ index }) => index);
}

/** The lists of elements along an axis, in the order of the tensor without it. */
function listsAlong(
  context: OperatorContext,
  axis: number,
  weight: number,
): { lists: AffineForm[][]; outer: readonly number[] } {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const forms = formsOf(value);
  const strides = stridesOf(shape);
  const outer = [...shape.slice(0, axis), ...shape.slice(axis + 1)];
  const lists = mapPositions(outer, (position) =>
    listOf(at(shape, axis), (k) => {
      const place = [...position.slice(0, axis), k, ...position.slice(axis)];
      return scaleForm(at(forms, indexOf(place, strides)), weight);
    }),
  );
  return { lists, outer };
}

function argExtreme(weight: number): Operator {
  return (context) => {
    const { node } = context;
    const shape = shapeOf(requireInput(context, 0));
    const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
    const { lists, outer } = listsAlong(context, axis, weight);
    const isFromEnd = flagAttribute(node, "select_last_index");
    const candidates = lists.map((list) => {
      const all = list.map((value, k) => ({ value, index: constantForm(k) }));
      return isFromEnd ? all.reverse() : all;
    });
    const indices = winners(context, candidates).map(({ index }) => index);
    const kept = flagAttribute(node, "keepdims", true);
    const resultShape = kept ? shape.map((size, each) => (each === axis ? 1 : size)) : outer;
    return fromForms(resultShape, indices, "int64");
  };
}

/** ONNX `ArgMax`. */
export const argMax = argExtreme(1);

/** ONNX `ArgMin`. */
export const argMin = argExtreme(-1);

/**
 * ONNX `TopK`: the `k` largest or smallest elements in order, and where they stood.
 *
 * Each pass carries the largest of what is left to the front, past neighbours that are not above it: equals keep their order,
 * as the standard asks. `k · n` comparisons at the most.
 */
export const topK: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const axis = resolveAxis(node, intAttribute(node, "axis", -1), shape.length);
  // Up to opset 9 an attribute.
  const k = attribute(node, "k", "int") ?? at(constantInput(context, 1, "count").values, 0);
  if (k < 0 || k > at(shape, axis)) {
    throw shapeError(node, `takes the top ${k} of ${at(shape, axis)} elements`);
  }
  const weight = flagAttribute(node, "largest", true) ? 1 : -1;
  const { lists } = listsAlong(context, axis, weight);
  const ranked = lists.map((list) =>
    list.map((form, index): Candidate => ({ value: form, index: constantForm(index) })),
  );
  for (let pass = 0; pass < k; pass++) {
    for (let place = at(shape, axis) - 1; place > pass; place--) swap(context, ranked, place);
  }

  const resultShape = shape.map((size, each) => (each === axis ? k : size));
  const outerStrides = stridesOf([...shape.slice(0, axis), ...shape.slice(axis + 1)]);
  const gather = (part: (candidate: Candidate) => AffineForm) =>
    mapPositions(resultShape, (position) => {
      const outer = [...position.slice(0, axis), ...position.slice(axis + 1)];
      return part(at(at(ranked, indexOf(outer, outerStrides)), at(position, axis)));
    });
  return [
    fromForms(
      resultShape,
      gather((candidate) => scaleForm(candidate.value, weight)),
      typeOf(value),
    ),
    fromForms(
      resultShape,
      gather(({ index }) => index),
      "int64",
    ),
  ];
};

/** Exchanges the candidates at `place - 1` and `place` of each list where the second is above the first. */
function swap(context: OperatorContext, lists: Candidate[][], place: number): void {
  const [upper, lower] = [
    lists.map((list) => at(list, place - 1)),
    lists.map((list) => at(list, place)),
  ];
  const conditions = isAbove(
    context,
    lower.map(({ value }) => value),
    upper.map(({ value }) => value),
  );
  const exchange = (part: (candidate: Candidate) => AffineForm) => {
    const first = choose(context, {
      conditions,
      yes: lower.map(part),
      no: upper.map(part),
    });
    // Together they are what they were.
    const second = mixRows([
      [1, upper.map(part)],
      [1, lower.map(part)],
      [-1, first],
    ]);
    return { first, second };
  };
  const values = exchange(({ value }) => value);
  const indices = exchange(({ index }) => index);
  lists.forEach((list, row) => {
    list[place - 1] = { value: at(values.first, row), index: at(indices.first, row) };
    list[place] = { value: at(values.second, row), index: at(indices.second, row) };
  });
}
