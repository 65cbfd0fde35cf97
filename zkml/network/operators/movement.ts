import { at, elementCount, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { attribute, choiceAttribute, flagAttribute, intAttribute } from "../attributes.ts";
import { broadcastShape } from "../broadcast.ts";
import {
  constantInput,
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, stridesOf, withSize } from "../shape.ts";
import { FILLED, rearrange, relabel, shapeOf, type Value } from "../value.ts";

/** ONNX `Transpose`: axis `k` of the result is axis `perm[k]` of the input; without `perm`, axes are reversed. */
export const transpose: Operator = (context) => {
  const value = requireInput(context, 0);
  const rank = shapeOf(value).length;
  const order = attribute(context.node, "perm", "ints") ?? listOf(rank, (axis) => rank - 1 - axis);
  if (new Set(order).size !== rank || order.some((axis) => axis < 0 || axis >= rank)) {
    throw shapeError(context.node, `permutes ${rank} axes by [${order.join(", ")}]`);
  }
  return permute(value, order);
};

function permute(value: Value, order: readonly number[]): Value {
  const shape = shapeOf(value);
  const strides = stridesOf(shape);
  const moved = order.map((axis) => at(strides, axis));
  return rearrange(
    value,
    order.map((axis) => at(shape, axis)),
    (position) => indexOf(position, moved),
  );
}

/** ONNX `Expand` to a constant shape, which broadcasts both ways. */
export const expand: Operator = (context) => {
  const value = requireInput(context, 0);
  const wanted = Array.from(constantInput(context, 1, "shape").values);
  const shape = broadcastShape(context.node, shapeOf(value), wanted);
  return repeat(value, shape);
};

/** ONNX `Tile`: the whole tensor, repeated along each axis. */
export const tile: Operator = (context) => {
  const value = requireInput(context, 0);
  const { values: repeats } = constantInput(context, 1, "repeats");
  const shape = shapeOf(value);
  if (repeats.length !== shape.length) {
    throw shapeError(context.node, `has ${repeats.length} repeats for ${shape.length} axes`);
  }
  return repeat(
    value,
    shape.map((size, axis) => size * at(repeats, axis)),
  );
};

/** The tensor, over and over, until it fills a shape whose sizes are multiples of its own. */
function repeat(value: Value, shape: readonly number[]): Value {
  const from = [...listOf(shape.length - shapeOf(value).length, () => 1), ...shapeOf(value)];
  const strides = stridesOf(from);
  return rearrange(value, shape, (position) =>
    indexOf(
      position.map((place, axis) => place % at(from, axis)),
      strides,
    ),
  );
}

/** ONNX `DepthToSpace`: channels become blocks of the plane; in mode `DCR` blocks vary slower than channels. */
export const depthToSpace: Operator = (context) => {
  const { node } = context;
  const { value, sizes, block } = blocks(context);
  const [batch, channels, height, width] = sizes;
  const depth = whole(node, channels / (block * block));
  const isDepthFirst = choiceAttribute(node, "mode", ["DCR", "CRD"]) === "DCR";
  const split = isDepthFirst
    ? [batch, block, block, depth, height, width]
    : [batch, depth, block, block, height, width];
  const order = isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return relabel(permute(relabel(value, { shape: split }), order), {
    shape: [batch, depth, height * block, width * block],
  });
};

/** ONNX `SpaceToDepth`: blocks of the plane become channels. */
export const spaceToDepth: Operator = (context) => {
  const { node } = context;
  const { value, sizes, block } = blocks(context);
  const [batch, channels, height, width] = sizes;
  const [rows, columns] = [whole(node, height / block), whole(node, width / block)];
  const split = relabel(value, { shape: [batch, channels, rows, block, columns, block] });
  return relabel(permute(split, [0, 3, 5, 1, 2, 4]), {
    shape: [batch, channels * block * block, rows, columns],
  });
};

type ImageSizes = readonly [batch: number, channels: number, height: number, width: number];

function blocks(context: OperatorContext): { value: Value; sizes: ImageSizes; block: number } {
  const value = requireInput(context, 0);
  const [batch, channels, height, width, ...rest] = shapeOf(value);
  if (
    batch === undefined ||
    channels === undefined ||
    height === undefined ||
    width === undefined ||
    rest.length > 0
  ) {
    throw shapeError(context.node, "takes an image with four dimensions");
  }
  const block = intAttribute(context.node, "blocksize", 0);
  return { value, sizes: [batch, channels, height, width], block };
}

function whole(node: OnnxNode, size: number): number {
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw shapeError(node, "has a blocksize that does not divide its input");
}

/** ONNX `Trilu`: keeps the triangle above (or below) the diagonal `k` of each matrix and fills the rest with zeros. */
export const triangle: Operator = (context) => {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const diagonal = optionalConstant(context, 1, "diagonal")?.values[0] ?? 0;
  const isUpper = flagAttribute(context.node, "upper", true);
  const strides = stridesOf(shape);
  if (shape.length < 2) throw shapeError(context.node, "takes matrices");
  return rearrange(value, shape, (position) => {
    const above = at(position, shape.length - 1) - at(position, shape.length - 2) - diagonal;
    return (isUpper ? above >= 0 : above <= 0) ? indexOf(position, strides) : FILLED;
  });
};

/** ONNX `ReverseSequence`: turns the first elements along one axis around, as many as there are for each place along the other. */
export const reverseSequence: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const time = resolveAxis(node, intAttribute(node, "time_axis", 0), shape.length);
  const batch = resolveAxis(node, intAttribute(node, "batch_axis", 1), shape.length);
  const { values: lengths } = constantInput(context, 1, "lengths");
  const strides = stridesOf(shape);
  return rearrange(value, shape, (position) => {
    const [place, length] = [at(position, time), at(lengths, at(position, batch))];
    return indexOf(withSize(position, time, place < length ? length - 1 - place : place), strides);
  });
};

/** ONNX `Compress`: what a constant condition keeps of an axis, or of all elements if there is no attribute `axis`. */
export const compress: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const given = attribute(node, "axis", "int");
  const flat =
    given === undefined ? relabel(value, { shape: [elementCount(shapeOf(value))] }) : value;
  const shape = shapeOf(flat);
  const axis = resolveAxis(node, given ?? 0, shape.length);
  const { values: condition } = constantInput(context, 1, "condition");
  const kept = listOf(Math.min(condition.length, at(shape, axis)), (place) => place).filter(
    (place) => condition[place] !== 0,
  );
  const strides = stridesOf(shape);
  return rearrange(flat, withSize(shape, axis, kept.length), (position) =>
    indexOf(withSize(position, axis, at(kept, at(position, axis))), strides),
  );
};
