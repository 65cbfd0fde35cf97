import { at } from "../../arrays.ts";
import { attribute, choiceAttribute, floatAttribute, listOperand } from "../attributes.ts";
import {
  optionalConstant,
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, stridesOf } from "../shape.ts";
import { FILLED, rearrange, shapeOf } from "../value.ts";

const MODES = ["constant", "reflect", "edge", "wrap"] as const;

/** ONNX `Pad`: amounts and value are attributes up to opset 10, inputs from 11 on; negative amounts cut off. */
export const pad: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const { begins, ends } = padAmounts(context, shape.length);
  const mode = choiceAttribute(node, "mode", MODES);
  const filling =
    optionalConstant(context, 2, "constant value")?.values[0] ?? floatAttribute(node, "value", 0);
  const strides = stridesOf(shape);
  const padded = shape.map((size, axis) => size + at(begins, axis) + at(ends, axis));
  if (padded.some((size) => size < 0)) throw shapeError(node, "cuts off more than there is");
  return rearrange(
    value,
    padded,
    (position) => {
      const places = position.map((place, axis) =>
        PLACE[mode](place - at(begins, axis), at(shape, axis)),
      );
      return places.includes(FILLED) ? FILLED : indexOf(places, strides);
    },
    filling,
  );
};

/** Which of `size` elements stands at a place that may lie beyond either end. */
const PLACE: Readonly<Record<(typeof MODES)[number], (place: number, size: number) => number>> = {
  constant: (place, size) => (place < 0 || place >= size ? FILLED : place),
  edge: (place, size) => Math.min(size - 1, Math.max(0, place)),
  wrap: (place, size) => modulo(place, size),
  reflect: (place, size) => {
    // Bounces to and fro without repeating the ends.
    const period = Math.max(1, 2 * (size - 1));
    const folded = modulo(place, period);
    return Math.min(folded, period - folded) % size;
  },
};

function modulo(value: number, base: number): number {
  return ((value % base) + base) % base;
}

/** Amounts for every axis; from opset 18 on they may be given for some axes only. */
function padAmounts(
  context: OperatorContext,
  rank: number,
): { begins: readonly number[]; ends: readonly number[] } {
  const { node } = context;
  const pads = listOperand(context, "pads", 1) ?? attribute(node, "paddings", "ints") ?? [];
  const named = optionalConstant(context, 3, "axes")?.values;
  const axes =
    named === undefined ? undefined : Array.from(named, (axis) => resolveAxis(node, axis, rank));
  const count = axes?.length ?? rank;
  if (pads.length !== 2 * count) {
    throw shapeError(node, `has ${pads.length} pads where ${2 * count} are due`);
  }
  const begins = new Array<number>(rank).fill(0);
  const ends = new Array<number>(rank).fill(0);
  for (let k = 0; k < count; k++) {
    const axis = axes === undefined ? k : at(axes, k);
    begins[axis] = at(pads, k);
    ends[axis] = at(pads, k + count);
  }
  return { begins, ends };
}
