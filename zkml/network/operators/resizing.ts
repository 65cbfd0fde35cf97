import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, type WeightedForm } from "../affine.ts";
import {
  attribute,
  choiceAttribute,
  flagAttribute,
  floatAttribute,
  requireInt,
} from "../attributes.ts";
import {
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { formsOf, fromForms, shapeOf, typeOf, type Value } from "../value.ts";

/** One source element of a resized one, along one axis. */
interface Share {
  readonly place: number;
  readonly weight: number;
}

/** How one axis is resized. */
interface AxisSize {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
}

type Sampler = (axis: AxisSize, position: number) => readonly Share[];

/** ONNX `Resize` with constant scales or sizes. Refused: `antialias`, regions of interest, `keep_aspect_ratio_policy`. */
export const resize: Operator = (context) => {
  const { node, inputs } = context;
  requireInt(node, "antialias", 0);
  choiceAttribute(node, "keep_aspect_ratio_policy", ["stretch"]);
  const isOpset10 = inputs.length === 2;
  const sampler = isOpset10 ? oldSampler(node) : newSampler(node);
  const scales = optionalConstant(context, isOpset10 ? 1 : 2, "scales")?.values;
  const sizes = optionalConstant(context, 3, "sizes")?.values;
  return sample(requireInput(context, 0), resizedAxes(context, { scales, sizes }), sampler);
};

/** ONNX `Upsample`: what `Resize` was before opset 10; scales are an attribute up to opset 8. */
export const upsample: Operator = (context) => {
  const { node } = context;
  const scales =
    optionalConstant(context, 1, "scales")?.values ?? attribute(node, "scales", "floats");
  const axes = resizedAxes(context, { scales, sizes: undefined });
  return sample(requireInput(context, 0), axes, oldSampler(node));
};

/** The size of every axis; from opset 18 on scales and sizes may be given for some axes only. */
function resizedAxes(
  context: OperatorContext,
  given: Record<"scales" | "sizes", ArrayLike<number> | undefined>,
): readonly AxisSize[] {
  const { node } = context;
  const shape = shapeOf(requireInput(context, 0));
  const named = attribute(node, "axes", "ints") ?? shape.map((_, axis) => axis);
  const axes = named.map((axis) => resolveAxis(node, axis, shape.length));
  const numbers = given.sizes ?? given.scales;
  if (numbers?.length !== axes.length) {
    throw shapeError(node, `has ${numbers?.length ?? 0} scales or sizes for ${axes.length} axes`);
  }
  return shape.map((input, axis) => {
    const k = axes.indexOf(axis);
    const number = k === -1 ? undefined : at(numbers, k);
    if (number === undefined) return { input, output: input, scale: 1 };
    return given.sizes === undefined
      ? { input, output: Math.floor(input * number), scale: number }
      : { input, output: number, scale: number / input };
  });
}

/** Every element of the result as a weighted sum: weights of several axes multiply. */
function sample(value: Value, axes: readonly AxisSize[], sampler: Sampler): Value {
  const forms = formsOf(value);
  const shares = axes.reduce<readonly (readonly Share[])[]>(
    (outer, axis) =>
      outer.flatMap((sources) =>
        listOf(axis.output, (position) => {
          const line =
            axis.input === axis.output && axis.scale === 1
              ? [{ place: position, weight: 1 }]
              : sampler(axis, position);
          return sources.flatMap((source) =>
            line.map(({ place, weight }) => ({
              place: source.place * axis.input + place,
              weight: source.weight * weight,
            })),
          );
        }),
      ),
    [[{ place: 0, weight: 1 }]],
  );
  const resized = shares.map((sources) =>
    combine(sources.map(({ place, weight }): WeightedForm => ({ weight, form: at(forms, place) }))),
  );
  return fromForms(
    axes.map(({ output }) => output),
    resized,
    typeOf(value),
  );
}

/** Up to opset 10 a position is divided by the scale; `nearest` rounds down to enlarge and up to reduce. */
function oldSampler(node: OnnxNode): Sampler {
  const place = COORDINATES.asymmetric;
  if (choiceAttribute(node, "mode", ["nearest", "linear", "bilinear"]) !== "nearest") {
    return (axis, position) => linear(axis, place(axis, position));
  }
  return (axis, position) => {
    const round = axis.scale < 1 ? Math.ceil : Math.floor;
    return nearest(axis, round(place(axis, position)));
  };
}

function newSampler(node: OnnxNode): Sampler {
  const mode = choiceAttribute(node, "mode", ["nearest", "linear", "cubic"]);
  const place =
    COORDINATES[choiceAttribute(node, "coordinate_transformation_mode", COORDINATE_MODES)];
  const round = ROUNDINGS[choiceAttribute(node, "nearest_mode", NEAREST_MODES)];
  switch (mode) {
    case "nearest":
      return (axis, position) => nearest(axis, round(place(axis, position)));
    case "linear":
      return (axis, position) => linear(axis, place(axis, position));
    case "cubic": {
      const coefficient = floatAttribute(node, "cubic_coeff_a", -0.75);
      const isInside = flagAttribute(node, "exclude_outside");
      return (axis, position) => cubic(axis, place(axis, position), { coefficient, isInside });
    }
  }
}

const COORDINATE_MODES = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
] as const;

/** Where in the input an element of the output comes from, in units of elements. */
const COORDINATES: Readonly<
  Record<(typeof COORDINATE_MODES)[number], (axis: AxisSize, position: number) => number>
> = {
  half_pixel: ({ scale }, position) => (position + 0.5) / scale - 0.5,
  half_pixel_symmetric: ({ input, output, scale }, position) => {
    const adjustment = output / (scale * input);
    return (input / 2) * (1 - adjustment) + (position + 0.5) / scale - 0.5;
  },
  pytorch_half_pixel: ({ output, scale }, position) =>
    output > 1 ? (position + 0.5) / scale - 0.5 : 0,
  align_corners: ({ input, output }, position) =>
    output === 1 ? 0 : (position * (input - 1)) / (output - 1),
  asymmetric: ({ scale }, position) => position / scale,
};

const NEAREST_MODES = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] as const;

const ROUNDINGS: Readonly<Record<(typeof NEAREST_MODES)[number], (place: number) => number>> = {
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function clamp({ input }: AxisSize, place: number): number {
  return Math.min(input - 1, Math.max(0, place));
}

function nearest(axis: AxisSize, place: number): readonly Share[] {
  return [{ place: clamp(axis, place), weight: 1 }];
}

function linear(axis: AxisSize, place: number): readonly Share[] {
  const clamped = clamp(axis, place);
  const low = Math.floor(clamped);
  const rest = clamped - low;
  if (rest === 0) return [{ place: low, weight: 1 }];
  return [
    { place: low, weight: 1 - rest },
    { place: low + 1, weight: rest },
  ];
}

/** How cubic resizing weighs. */
interface Cubic {
  readonly coefficient: number;
  /** Whether places beyond the ends count for nothing, or else as the ends. */
  readonly isInside: boolean;
}

/** Four neighbours (Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981). */
function cubic(axis: AxisSize, place: number, { coefficient, isInside }: Cubic): readonly Share[] {
  const low = Math.floor(place);
  const near = listOf(4, (k) => low - 1 + k).map((source) => ({
    place: source,
    weight: cubicWeight(Math.abs(place - source), coefficient),
  }));
  if (!isInside) return near.map((share) => ({ ...share, place: clamp(axis, share.place) }));
  const inside = near.filter((share) => share.place === clamp(axis, share.place));
  const sum = inside.reduce((total, { weight }) => total + weight, 0);
  return inside.map((share) => ({ ...share, weight: share.weight / sum }));
}

function cubicWeight(distance: number, a: number): number {
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1;
  return distance < 2 ? a * (((distance - 5) * distance + 8) * distance - 4) : 0;
}
