import { at, elementCount, listOf } from "../../arrays.ts";
import { combine, constantForm, mix, mixRows, type AffineForm } from "../affine.ts";
import { flagAttribute, listOperand } from "../attributes.ts";
import { maximum, minimum } from "../extremes.ts";
import {
  constantInput,
  requireInput,
  resolveAxis,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { formsOf, fromForms, isInteger, shapeOf, typeOf, type Value } from "../value.ts";
import { absoluteForms } from "./piecewise.ts";

export type Group = readonly AffineForm[];

/** ONNX `ReduceSum`. */
export const reduceSum = reduction((_, groups) => groups.map((group) => weigh(group, 1)));

/** ONNX `ReduceMean`, of floating-point tensors, or of integers one by one. */
export const reduceMean = reduction((context, groups) => {
  const isExact = groups.every(({ length }) => length === 1);
  if (isInteger(typeOf(requireInput(context, 0))) && !isExact) {
    throw unsupported(context.node, "averages integers");
  }
  return groups.map((group) => weigh(group, 1 / group.length));
});

/** ONNX `ReduceMax`. */
export const reduceMax = reduction(maximum);

/** ONNX `ReduceMin`. */
export const reduceMin = reduction(minimum);

/** ONNX `ReduceL1`: the sum of absolute values. */
export const reduceL1 = reduction(reduceAbsolutes);

/** ONNX `ReduceSumSquare`. */
export const reduceSumSquare = reduction(sumsOfSquares);

/** ONNX `ReduceL2`: the root of the sum of squares, which of one element is its absolute value. */
export const reduceL2 = reduction((context, groups) =>
  groups.every(({ length }) => length === 1)
    ? reduceAbsolutes(context, groups)
    : context.apply(SCALAR_FUNCTIONS.sqrt, sumsOfSquares(context, groups)),
);

/** ONNX `ReduceLogSum`. */
export const reduceLogSum = reduction((context, groups) =>
  context.apply(
    SCALAR_FUNCTIONS.log,
    groups.map((group) => weigh(group, 1)),
  ),
);

/** ONNX `ReduceLogSumExp`: `max + log(Σ exp(x - max))`. */
export const reduceLogSumExp = reduction((context, groups) => {
  const largest = maximum(context, groups);
  const shifted = groups.flatMap((group, k) =>
    group.map((form) =>
      mix([
        [1, form],
        [-1, at(largest, k)],
      ]),
    ),
  );
  const exponentials = regroup(context.apply(SCALAR_FUNCTIONS.exp, shifted), groups);
  const sums = exponentials.map((group) => weigh(group, 1));
  return mixRows([
    [1, largest],
    [1, context.apply(SCALAR_FUNCTIONS.log, sums)],
  ]);
});

/** ONNX `ReduceProd`: neighbours two by two, so that no element passes through more roundings than it must. */
export const reduceProduct = reduction((context, groups) => {
  let left: readonly Group[] = groups.map((group) =>
    group.length === 0 ? [constantForm(1)] : group,
  );
  while (left.some(({ length }) => length > 1)) {
    const firsts = left.map((group) => group.filter((_, k) => k % 2 === 0));
    const seconds = left.map((group) =>
      listOf((group.length + 1) >> 1, (k) => group[2 * k + 1] ?? constantForm(1)),
    );
    left = regroup(context.multiply(firsts.flat(), seconds.flat()), firsts);
  }
  return left.map((group) => at(group, 0));
});

/** All absolute values in one layer. */
export function reduceAbsolutes(
  context: OperatorContext,
  groups: readonly Group[],
): readonly AffineForm[] {
  const absolutes = regroup(absoluteForms(context, groups.flat()), groups);
  return absolutes.map((group) => weigh(group, 1));
}

/** All squares in one layer. */
export function sumsOfSquares(
  context: OperatorContext,
  groups: readonly Group[],
): readonly AffineForm[] {
  const flat = groups.flat();
  return regroup(context.multiply(flat, flat), groups).map((group) => weigh(group, 1));
}

/** A list cut into groups as long as those given. */
function regroup(forms: readonly AffineForm[], groups: readonly Group[]): readonly Group[] {
  let next = 0;
  return groups.map(({ length }) => forms.slice(next, (next += length)));
}

export function weigh(group: Group, weight: number): AffineForm {
  return combine(group.map((form) => ({ weight, form })));
}

/**
 * A reduction over the axes of attribute `axes` (input #1 in newer opsets), or over all of them if there are none and
 * `noop_with_empty_axes` does not say otherwise: then each element is reduced alone, to its square for `ReduceSumSquare`.
 * `keepdims` leaves axes of size 1 behind.
 */
function reduction(
  reduce: (context: OperatorContext, groups: readonly Group[]) => readonly AffineForm[],
): Operator {
  return (context) => {
    const value = requireInput(context, 0);
    const shape = shapeOf(value);
    const axes = reducedAxes(context, shape.length);
    const kept = shape.map((size, axis) => (axes.has(axis) ? 1 : size));
    const forms = reduce(context, groupBy(value, kept));
    const label = flagAttribute(context.node, "keepdims", true)
      ? kept
      : kept.filter((_, axis) => !axes.has(axis));
    return fromForms(label, forms, typeOf(value));
  };
}

function reducedAxes(context: OperatorContext, rank: number): ReadonlySet<number> {
  const axes = listOperand(context, "axes", 1);
  if (axes !== undefined && axes.length > 0) {
    return new Set(axes.map((axis) => resolveAxis(context.node, axis, rank)));
  }
  if (flagAttribute(context.node, "noop_with_empty_axes")) return new Set();
  return new Set(listOf(rank, (axis) => axis));
}

/** The elements that fall on each element of the shape in which reduced axes have size 1. */
export function groupBy(value: Value, kept: readonly number[]): readonly Group[] {
  const strides = stridesOf(kept).map((stride, axis) => (kept[axis] === 1 ? 0 : stride));
  const targets = mapPositions(shapeOf(value), (position) => indexOf(position, strides));
  const groups = Array.from({ length: elementCount(kept) }, (): AffineForm[] => []);
  formsOf(value).forEach((form, index) => at(groups, at(targets, index)).push(form));
  return groups;
}

/** ONNX `CumSum` along a constant axis; `exclusive` leaves the element itself out, `reverse` begins at the end. */
export const cumulativeSum: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const given = at(constantInput(context, 1, "axis").values, 0);
  const axis = resolveAxis(node, given, shape.length);
  const isExclusive = flagAttribute(node, "exclusive");
  const strides = stridesOf(shape);
  const step = at(strides, axis) * (flagAttribute(node, "reverse") ? -1 : 1);
  const last = flagAttribute(node, "reverse") ? at(shape, axis) - 1 : 0;
  const forms = formsOf(value);
  const sums = mapPositions(shape, (position) => {
    const index = indexOf(position, strides);
    const before = Math.abs(at(position, axis) - last);
    const terms: AffineForm[] = isExclusive ? [] : [at(forms, index)];
    for (let back = 1; back <= before; back++) terms.push(at(forms, index - back * step));
    return weigh(terms, 1);
  });
  return fromForms(shape, sums, typeOf(value));
};
