import { at, elementCount, listOf } from "../../arrays.ts";
import { constantForm, mixRows, type AffineForm } from "../affine.ts";
import { choiceAttribute, intAttribute } from "../attributes.ts";
import {
  requireInput,
  resolveAxis,
  shapeError,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, mapPositions, stridesOf, withSize } from "../shape.ts";
import { formsOf, fromForms, shapeOf, typeOf, type Value } from "../value.ts";
import { boundedIndex, indicatorsOf, type BoundedIndex } from "./computed-index.ts";
import { indexVectors } from "./indexing.ts";
import { choose } from "./logic.ts";

/** An update, and an element that it may be for. */
interface Hit {
  readonly update: AffineForm;
  /** Index of the element. */
  readonly target: number;
  /** 1 if the update is for this element. */
  readonly isMeant: AffineForm;
}

/** Updates that are made at once: no two of them can be for the same element. */
type Round = readonly Hit[];

/** ONNX `ScatterElements` (and `Scatter`): the reverse of `GatherElements`, into a copy of the first input. */
export const scatterElements: Operator = (context) => {
  const { node } = context;
  const shape = shapeOf(requireInput(context, 0));
  const indices = requireInput(context, 1);
  const indexShape = shapeOf(indices);
  const axis = resolveAxis(node, intAttribute(node, "axis", 0), shape.length);
  if (indexShape.length !== shape.length) throw shapeError(node, "has indices of another rank");
  const updates = requireUpdates(context, elementCount(indexShape));
  const [strides, indexStrides] = [stridesOf(shape), stridesOf(indexShape)];
  const rounds = listOf(at(indexShape, axis), (place) =>
    mapPositions(withSize(indexShape, axis, 1), (position) => {
      const own = indexOf(withSize(position, axis, place), indexStrides);
      const index = boundedIndex(context, at(formsOf(indices), own), at(shape, axis));
      return [...indicatorsOf(context, index, "nearest place")].map(([target, isMeant]) => ({
        update: at(updates, own),
        target: indexOf(withSize(position, axis, target), strides),
        isMeant,
      }));
    }).flat(),
  );
  return scatter(context, rounds);
};

/** ONNX `ScatterND`: the reverse of `GatherND`. */
export const scatterND: Operator = (context) => {
  const shape = shapeOf(requireInput(context, 0));
  const { vectors, depth } = indexVectors(context, requireInput(context, 1), { shape });
  const strides = stridesOf(shape);
  const slice = mapPositions(shape.slice(depth), (position) =>
    indexOf(position, strides.slice(depth)),
  );
  const updates = requireUpdates(context, vectors.length * slice.length);
  const rounds = vectors.map((vector, row) =>
    targetsOf(context, vector, strides).flatMap(({ target, isMeant }) =>
      slice.map((offset, k) => ({
        update: at(updates, row * slice.length + k),
        target: target + offset,
        isMeant,
      })),
    ),
  );
  return scatter(context, rounds);
};

/** All that several indices can point to together, one for each of the first axes. */
function targetsOf(
  context: OperatorContext,
  indices: readonly BoundedIndex[],
  strides: readonly number[],
): readonly Omit<Hit, "update">[] {
  return indices.reduce<readonly Omit<Hit, "update">[]>(
    (outer, index, axis) => {
      const inner = indicatorsOf(context, index, "nearest place");
      const pairs = outer.flatMap((before) => [...inner].map((each) => ({ before, each })));
      const both = context.multiply(
        pairs.map(({ before }) => before.isMeant),
        pairs.map(({ each: [, isMeant] }) => isMeant),
      );
      return pairs.map(({ before, each: [place] }, row) => ({
        target: before.target + place * at(strides, axis),
        isMeant: at(both, row),
      }));
    },
    [{ target: 0, isMeant: constantForm(1) }],
  );
}

function requireUpdates(context: OperatorContext, count: number): readonly AffineForm[] {
  const updates = formsOf(requireInput(context, 2));
  if (updates.length === count) return updates;
  throw shapeError(context.node, `has ${updates.length} updates for ${count} places`);
}

/** Makes the updates round by round: of several for one element, the last one holds. */
function scatter(context: OperatorContext, rounds: readonly Round[]): Value {
  const value = requireInput(context, 0);
  const names = ["none", "add", "mul", "max", "min"] as const;
  const reduce = REDUCTIONS[choiceAttribute(context.node, "reduction", names)];
  const elements = [...formsOf(value)];
  for (const round of rounds) {
    const results = reduce(context, {
      old: round.map(({ target }) => at(elements, target)),
      updates: round.map(({ update }) => update),
      isMeant: round.map(({ isMeant }) => isMeant),
    });
    round.forEach(({ target }, row) => {
      elements[target] = at(results, row);
    });
  }
  return fromForms(shapeOf(value), elements, typeOf(value));
}

interface Columns {
  readonly old: readonly AffineForm[];
  readonly updates: readonly AffineForm[];
  readonly isMeant: readonly AffineForm[];
}

type Reduction = (context: OperatorContext, columns: Columns) => readonly AffineForm[];

/** What becomes of elements. */
const REDUCTIONS: Readonly<Record<"none" | "add" | "mul" | "max" | "min", Reduction>> = {
  none: (context, { old, updates, isMeant }) =>
    choose(context, { conditions: isMeant, yes: updates, no: old }),
  add: (context, { old, updates, isMeant }) =>
    mixRows([
      [1, old],
      [1, context.multiply(updates, isMeant)],
    ]),
  mul: (context, { old, updates, isMeant }) => {
    const ones = updates.map(() => constantForm(1));
    const factors = choose(context, { conditions: isMeant, yes: updates, no: ones });
    return context.multiply(old, factors);
  },
  max: (context, { old, updates, isMeant }) => raised(context, { old, updates, isMeant }, 1),
  min: (context, { old, updates, isMeant }) => raised(context, { old, updates, isMeant }, -1),
};

/** The larger of two where `sign` is 1, the smaller where it is -1: `old ± max(0, ±(update - old))`. */
function raised(
  context: OperatorContext,
  { old, updates, isMeant }: Columns,
  sign: 1 | -1,
): readonly AffineForm[] {
  const excess = context.rectify(
    mixRows([
      [sign, updates],
      [-sign, old],
    ]),
  );
  return mixRows([
    [1, old],
    [sign, context.multiply(excess, isMeant)],
  ]);
}
