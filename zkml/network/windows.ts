import { at, listOf } from "../arrays.ts";
import type { OnnxNode } from "../onnx/model.ts";
import { attribute, choiceAttribute, flagAttribute } from "./attributes.ts";
import { shapeError } from "./operator.ts";

/** A cell of a sliding window and the element it lies on. */
export interface Tap {
  readonly cell: number;
  readonly element: number;
}

/** How a window slides along one axis. */
export interface Axis {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first and after the last element. */
  readonly begin: number;
  readonly end: number;
  /** Number of positions. */
  readonly output: number;
}

/** The geometry of convolution and pooling, read from the attributes all of them share. */
export function windowAxes(
  node: OnnxNode,
  space: readonly number[],
  kernel: readonly number[],
): readonly Axis[] {
  const rank = space.length;
  const kernelShape = perAxis(node, "kernel_shape", kernel);
  const { strides, dilations, pads } = windowSteps(node, rank);
  if (kernel.length !== rank || kernelShape.some((size, axis) => size !== kernel[axis])) {
    throw shapeError(node, `has a window [${kernel.join(", ")}] over [${space.join(", ")}]`);
  }
  return space.map((input, axis) =>
    slide(node, {
      input,
      kernel: at(kernel, axis),
      stride: at(strides, axis),
      dilation: at(dilations, axis),
      begin: at(pads, axis),
      end: at(pads, axis + rank),
    }),
  );
}

/** How a window moves, how far its elements are apart, and what is added around the input: begins, then ends. */
export function windowSteps(
  node: OnnxNode,
  rank: number,
): Readonly<Record<"strides" | "dilations" | "pads", readonly number[]>> {
  const ones = listOf(rank, () => 1);
  const strides = perAxis(node, "strides", ones);
  const dilations = perAxis(node, "dilations", ones);
  const pads = perAxis(
    node,
    "pads",
    listOf(2 * rank, () => 0),
  );
  return { strides, dilations, pads };
}

/** An attribute that holds one number for each axis (paddings: two). */
export function perAxis(
  node: OnnxNode,
  name: string,
  fallback: readonly number[],
): readonly number[] {
  const values = attribute(node, name, "ints") ?? fallback;
  if (values.length === fallback.length) return values;
  throw shapeError(node, `has ${values.length} ${name} where ${fallback.length} are due`);
}

/** Distance from the first to the last element under the window, both included. */
export function reach({ kernel, dilation }: Pick<Axis, "kernel" | "dilation">): number {
  return (kernel - 1) * dilation + 1;
}

function slide(node: OnnxNode, given: Omit<Axis, "output">): Axis {
  const axis = { ...given, ...autoPads(node, given) };
  const room = axis.input + axis.begin + axis.end - reach(axis);
  if (room < 0 || !(axis.stride > 0)) {
    throw shapeError(node, `has a window of ${reach(axis)} over ${axis.input} elements`);
  }
  if (!flagAttribute(node, "ceil_mode")) {
    return { ...axis, output: Math.floor(room / axis.stride) + 1 };
  }
  // The last window, which may stick out at the end, must begin within the input or the padding before it.
  const output = Math.ceil(room / axis.stride) + 1;
  const isOutside = (output - 1) * axis.stride >= axis.input + axis.begin;
  return { ...axis, output: isOutside ? output - 1 : output };
}

const AUTO_PADS = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"] as const;

/** `SAME` pads so that there are `input / stride` positions, rounded up; the odd element goes where the name says. */
function autoPads(
  node: OnnxNode,
  axis: Omit<Axis, "output">,
): Partial<Pick<Axis, "begin" | "end">> {
  const mode = choiceAttribute(node, "auto_pad", AUTO_PADS);
  if (mode === "NOTSET") return {};
  if (mode === "VALID") return { begin: 0, end: 0 };
  const output = Math.ceil(axis.input / axis.stride);
  const total = Math.max(0, (output - 1) * axis.stride + reach(axis) - axis.input);
  return splitPads(total, mode === "SAME_UPPER");
}

/** Two halves of a padding, the larger one at the end or at the beginning. */
export function splitPads(total: number, largerAtEnd: boolean): { begin: number; end: number } {
  const small = Math.floor(total / 2);
  return largerAtEnd ? { begin: small, end: total - small } : { begin: total - small, end: small };
}

/** Cells that lie on elements, for each position of the window along one axis; the others lie on padding. */
export function axisTaps(axis: Axis): Tap[][] {
  return listOf(axis.output, (position) =>
    listOf(axis.kernel, (cell) => ({
      cell,
      element: position * axis.stride - axis.begin + cell * axis.dilation,
    })).filter(({ element }) => element >= 0 && element < axis.input),
  );
}

/** Taps of the windows of a transposed convolution: elements that a forward one would spread to each output position. */
export function transposedTaps(axis: Axis): Tap[][] {
  return listOf(axis.output, (position) =>
    listOf(axis.kernel, (cell) => ({
      cell,
      element: (position + axis.begin - cell * axis.dilation) / axis.stride,
    })).filter(({ element }) => Number.isInteger(element) && element >= 0 && element < axis.input),
  );
}

/** Taps of windows over several axes, by row-major position; cells and elements are numbered in row-major order. */
export function crossTaps(
  axes: readonly Pick<Axis, "kernel" | "input">[],
  taps: readonly (readonly (readonly Tap[])[])[],
): readonly (readonly Tap[])[] {
  return axes.reduce<readonly (readonly Tap[])[]>(
    (outer, { kernel, input }, axis) =>
      outer.flatMap((window) =>
        at(taps, axis).map((line) =>
          window.flatMap((tap) =>
            line.map(({ cell, element }) => ({
              cell: tap.cell * kernel + cell,
              element: tap.element * input + element,
            })),
          ),
        ),
      ),
    [[{ cell: 0, element: 0 }]],
  );
}
