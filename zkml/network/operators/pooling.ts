import { at, elementCount, listOf } from "../../arrays.ts";
import { combine, type AffineForm } from "../affine.ts";
import { attribute, flagAttribute, intAttribute, requireInt } from "../attributes.ts";
import { maximum } from "../extremes.ts";
import { channelLayout, unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { mapPositions, stridesOf, withSize } from "../shape.ts";
import { formsOf, fromForms, shapeOf, typeOf, type Value } from "../value.ts";
import { axisTaps, crossTaps, windowAxes, type Axis, type Tap } from "../windows.ts";
import { reduceAbsolutes, sumsOfSquares } from "./reduction.ts";

/** ONNX `AveragePool`; with `count_include_pad`, padding counts as zeros, but not what `ceil_mode` adds beyond it. */
export const averagePool: Operator = (context) => {
  const axes = poolAxes(context);
  const { value, batch, channels, space } = channelLayout(context, 0);
  const windows = crossTaps(axes, axes.map(axisTaps));
  const divisors = flagAttribute(context.node, "count_include_pad")
    ? mapPositions(
        axes.map(({ output }) => output),
        (position) => paddedSize(axes, position),
      )
    : windows.map(({ length }) => length);
  const forms = formsOf(value);
  const plane = elementCount(space);
  const averages = listOf(batch * channels, (channel) =>
    windows.map((window, index) =>
      average(
        window.map(({ element }) => at(forms, channel * plane + element)),
        at(divisors, index),
      ),
    ),
  );
  return fromForms([batch, channels, ...axes.map(({ output }) => output)], averages.flat());
};

function average(forms: readonly AffineForm[], divisor: number): AffineForm {
  return combine(forms.map((form) => ({ weight: 1 / divisor, form })));
}

/** Number of cells of the window at `position` that lie on elements or padding. */
function paddedSize(axes: readonly Axis[], position: readonly number[]): number {
  return elementCount(
    axes.map(({ input, begin, end, kernel, stride, dilation }, axis) => {
      const start = at(position, axis) * stride - begin;
      const inside = Math.ceil((input + end - start) / dilation);
      return Math.min(kernel, inside);
    }),
  );
}

/** ONNX `GlobalAveragePool`: the average of each channel. */
export const globalAveragePool: Operator = (context) =>
  reduceChannels(context, (groups) => groups.map((group) => average(group, group.length)));

/** ONNX `GlobalMaxPool`: the largest element of each channel. */
export const globalMaxPool: Operator = (context) =>
  reduceChannels(context, (groups) => maximum(context, groups));

/** ONNX `GlobalLpPool` for `p` 1 and 2. */
export const globalLpPool: Operator = (context) => {
  const norm = normOf(context);
  return reduceChannels(context, norm);
};

/** ONNX `LpPool` for `p` 1 and 2: as if padding were zeros. */
export const lpPool: Operator = (context) => {
  const norm = normOf(context);
  const axes = poolAxes(context);
  const { value, batch, channels, space } = channelLayout(context, 0);
  const windows = crossTaps(axes, axes.map(axisTaps));
  const forms = formsOf(value);
  const plane = elementCount(space);
  const groups = listOf(batch * channels, (channel) =>
    windows.map((window) => window.map(({ element }) => at(forms, channel * plane + element))),
  );
  return fromForms([batch, channels, ...axes.map(({ output }) => output)], norm(groups.flat()));
};

/** `(Σ |x|^p)^(1/p)` of groups. */
function normOf(
  context: OperatorContext,
): (groups: readonly (readonly AffineForm[])[]) => readonly AffineForm[] {
  const p = intAttribute(context.node, "p", 2);
  if (p === 1) return (groups) => reduceAbsolutes(context, groups);
  if (p !== 2) throw unsupported(context.node, `has p ${p}`);
  return (groups) => context.apply(SCALAR_FUNCTIONS.sqrt, sumsOfSquares(context, groups));
}

function reduceChannels(
  context: OperatorContext,
  reduce: (groups: readonly (readonly AffineForm[])[]) => readonly AffineForm[],
): Value {
  const { value, batch, channels, space } = channelLayout(context, 0);
  const forms = formsOf(value);
  const plane = elementCount(space);
  const groups = listOf(batch * channels, (channel) =>
    forms.slice(channel * plane, (channel + 1) * plane),
  );
  return fromForms([batch, channels, ...space.map(() => 1)], reduce(groups));
}

/**
 * ONNX `MaxPool`, without its second output; padding never wins.
 *
 * The largest of a window is the largest of its rows' largest, so axes are pooled one after the other, the last one first:
 * neighbouring windows then share what they have in common.
 */
export const maxPool: Operator = (context) => {
  requireInt(context.node, "storage_order", 0);
  const axes = poolAxes(context);
  const { value } = channelLayout(context, 0);
  let pooled: Plane = { shape: shapeOf(value), forms: formsOf(value) };
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    pooled = poolAxis(context, pooled, { axis: axis + 2, windows: axisTaps(at(axes, axis)) });
  }
  return fromForms(pooled.shape, pooled.forms, typeOf(value));
};

function poolAxes(context: OperatorContext): readonly Axis[] {
  const { node } = context;
  const kernel = attribute(node, "kernel_shape", "ints");
  if (kernel === undefined) throw unsupported(node, "has no kernel_shape");
  return windowAxes(node, channelLayout(context, 0).space, kernel);
}

interface Plane {
  readonly shape: readonly number[];
  readonly forms: readonly AffineForm[];
}

function poolAxis(
  context: OperatorContext,
  { shape, forms }: Plane,
  { axis, windows }: { readonly axis: number; readonly windows: readonly (readonly Tap[])[] },
): Plane {
  const strides = stridesOf(shape);
  const stride = at(strides, axis);
  const pooledShape = withSize(shape, axis, windows.length);
  const groups = mapPositions(pooledShape, (position) => {
    const start = strides.reduce(
      (index, each, k) => (k === axis ? index : index + each * at(position, k)),
      0,
    );
    return at(windows, at(position, axis)).map(({ element }) =>
      at(forms, start + element * stride),
    );
  });
  return { shape: pooledShape, forms: maximum(context, groups) };
}
