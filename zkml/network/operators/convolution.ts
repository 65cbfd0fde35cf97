import { at, elementCount, listOf } from "../../arrays.ts";
import type { OnnxNode, Tensor } from "../../onnx/model.ts";
import { combine, constantForm, type AffineForm } from "../affine.ts";
import { attribute, choiceAttribute, intAttribute } from "../attributes.ts";
import {
  channelLayout,
  constantInput,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { formsOf, fromForms, type Value } from "../value.ts";
import {
  axisTaps,
  crossTaps,
  perAxis,
  reach,
  splitPads,
  transposedTaps,
  windowAxes,
  type Axis,
  type Tap,
  windowSteps,
} from "../windows.ts";

/** ONNX `Conv` over any number of axes, with groups, strides, dilations and padding; weights must be constant. */
export const convolution: Operator = (context) => {
  const { node } = context;
  const { space, channels } = channelLayout(context, 0);
  const weights = constantInput(context, 1, "weights");
  const [outputChannels = 0, groupChannels = 0, ...kernel] = weights.shape;
  const groups = intAttribute(node, "group", 1);
  requireGroups(node, { channels, outputChannels, groups, groupChannels });
  const axes = windowAxes(node, space, kernel);
  const cells = elementCount(kernel);
  return convolve(context, weights, {
    axes,
    groups,
    outputChannels,
    windows: crossTaps(axes, axes.map(axisTaps)),
    weightIndex: ({ from, to, cell }) =>
      (to * groupChannels + (from % groupChannels)) * cells + cell,
  });
};

/** ONNX `ConvTranspose`: spreads each element over the window that `Conv` would gather it from. */
export const transposedConvolution: Operator = (context) => {
  const { node } = context;
  const { space, channels } = channelLayout(context, 0);
  const weights = constantInput(context, 1, "weights");
  const [inputChannels = 0, groupOutputs = 0, ...kernel] = weights.shape;
  const groups = intAttribute(node, "group", 1);
  const outputChannels = groupOutputs * groups;
  const groupChannels = inputChannels / groups;
  requireGroups(node, { channels, outputChannels, groups, groupChannels });
  const axes = transposedAxes(node, space, kernel);
  const cells = elementCount(kernel);
  return convolve(context, weights, {
    axes,
    groups,
    outputChannels,
    windows: crossTaps(axes, axes.map(transposedTaps)),
    weightIndex: ({ from, to, cell }) => (from * groupOutputs + (to % groupOutputs)) * cells + cell,
  });
};

function requireGroups(
  node: OnnxNode,
  sizes: { channels: number; outputChannels: number; groups: number; groupChannels: number },
): void {
  const { channels, outputChannels, groups, groupChannels } = sizes;
  if (channels === groupChannels * groups && outputChannels % groups === 0) return;
  throw shapeError(
    node,
    `has ${channels} channels, but weights for ${groups} groups of ${groupChannels}`,
  );
}

interface Convolution {
  readonly axes: readonly Axis[];
  readonly groups: number;
  readonly outputChannels: number;
  readonly windows: readonly (readonly Tap[])[];
  /** Where the weight from one channel to another stands. */
  readonly weightIndex: (path: { from: number; to: number; cell: number }) => number;
}

function convolve(
  context: OperatorContext,
  weights: Tensor,
  { axes, groups, outputChannels, windows, weightIndex }: Convolution,
): Value {
  const { value, batch, channels, space } = channelLayout(context, 0);
  const forms = formsOf(value);
  const plane = elementCount(space);
  const bias = biases(context, outputChannels);
  const results: AffineForm[] = [];
  for (let image = 0; image < batch; image++) {
    for (let to = 0; to < outputChannels; to++) {
      const group = Math.floor((to * groups) / outputChannels);
      const sources = listOf(channels / groups, (k) => group * (channels / groups) + k);
      for (const window of windows) {
        const terms = sources.flatMap((from) =>
          window.map(({ cell, element }) => ({
            weight: at(weights.values, weightIndex({ from, to, cell })),
            form: at(forms, (image * channels + from) * plane + element),
          })),
        );
        results.push(combine([...terms, { weight: 1, form: at(bias, to) }]));
      }
    }
  }
  return fromForms([batch, outputChannels, ...axes.map(({ output }) => output)], results);
}

function biases(context: OperatorContext, count: number): readonly AffineForm[] {
  const value = context.inputs[2];
  const forms = value === undefined ? listOf(count, () => constantForm(0)) : formsOf(value);
  if (forms.length === count) return forms;
  throw shapeError(context.node, `has ${forms.length} biases for ${count} channels`);
}

/** Sizes of a transposed convolution: those of the forward one with input and output exchanged. */
function transposedAxes(
  node: OnnxNode,
  space: readonly number[],
  kernel: readonly number[],
): readonly Axis[] {
  const rank = space.length;
  const { strides, dilations, pads } = windowSteps(node, rank);
  const extras = perAxis(
    node,
    "output_padding",
    listOf(rank, () => 0),
  );
  const wanted = attribute(node, "output_shape", "ints")?.slice(-rank);
  perAxis(node, "kernel_shape", kernel);
  return space.map((input, axis) => {
    const [stride, dilation] = [at(strides, axis), at(dilations, axis)];
    const full =
      (input - 1) * stride + at(extras, axis) + reach({ kernel: at(kernel, axis), dilation });
    const given = { begin: at(pads, axis), end: at(pads, axis + rank) };
    const { begin, end } = transposedPads(
      node,
      { full, wanted: wanted?.[axis], stride, input },
      given,
    );
    return {
      input,
      kernel: at(kernel, axis),
      stride,
      dilation,
      begin,
      end,
      output: full - begin - end,
    };
  });
}

interface TransposedSize {
  /** Output size without any padding. */
  readonly full: number;
  /** Output size that the node asks for, if it does. */
  readonly wanted: number | undefined;
  readonly stride: number;
  readonly input: number;
}

/** `output_shape` wins over `pads`; `SAME` wants `input · stride`. */
function transposedPads(
  node: OnnxNode,
  { full, wanted, stride, input }: TransposedSize,
  given: { begin: number; end: number },
): { begin: number; end: number } {
  const mode = choiceAttribute(node, "auto_pad", ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]);
  if (wanted === undefined && mode === "NOTSET") return given;
  if (wanted === undefined && mode === "VALID") return { begin: 0, end: 0 };
  const total = Math.max(0, full - (wanted ?? input * stride));
  return splitPads(total, mode === "SAME_UPPER");
}
