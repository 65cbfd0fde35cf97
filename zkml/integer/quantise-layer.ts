import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { AffineForm } from "../network/affine.ts";
import type {
  FloorLayer,
  FunctionLayer,
  ProductLayer,
  RectifierLayer,
  StepLayer,
} from "../network/network.ts";
import type { ScalarFunction } from "../network/scalar-functions.ts";
import { peakOf, union, type ObservedLayer, type Range } from "./calibration.ts";
import type { IntegerGraph, IntegerLayer } from "./graph.ts";
import { boundLayers, boundProduct, boundRows } from "./intervals.ts";
import { tabulate } from "./piecewise-table.ts";
import {
  exactScale,
  integerRows,
  roundedScale,
  rowScale,
  type KnownVariables,
} from "./quantise-rows.ts";
import { roundingHalf } from "./run.ts";

/** What quantising a layer looks at. */
export interface LayerContext {
  readonly known: KnownVariables;
  readonly observed: ObservedLayer;
  /** The layers before. */
  readonly graph: Pick<IntegerGraph, "inputs" | "layers">;
  readonly bits: { readonly weight: number; readonly activation: number };
}

/** A layer, and the scales of its results. */
export interface ScaledLayer {
  readonly layer: IntegerLayer;
  readonly scales: readonly number[];
}

export function quantiseRectifier(
  { name, forms }: RectifierLayer,
  { known, observed, bits }: LayerContext,
): ScaledLayer {
  const rowScales = forms.map((form) => rowScale(form, known, bits.weight));
  const shifts = Uint8Array.from(rowScales, (scale, row) =>
    shiftFor(reachOf(at(observed.sums, row)) / scale, bits.activation),
  );
  const rows = integerRows(forms, known.scales, (row) => ({
    scale: at(rowScales, row),
    offset: roundingHalf(at(shifts, row)),
  }));
  return {
    layer: { kind: "rectifier", name, rows, shifts },
    scales: rowScales.map((scale, row) => scale * 2 ** at(shifts, row)),
  };
}

/**
 * What a rectifier's results are expected to reach. Where no sample opens it, as far as it was closed: were its results counted in
 * finer units, the weights on them would round to nothing, and whoever opens it would get a wrong answer.
 */
function reachOf({ low, high }: Range): number {
  return high > 0 ? high : -low;
}

/** Bits of a comparison's weights where they are not exact: what is compared decides, so it must not be rounded away. */
const STEP_WEIGHT_BITS = 16;

/**
 * A step looks at the sign alone, so where the variables' weights can be exact only the constant is rounded, and that upwards:
 * an integer is above `t` exactly if it is above `floor(t)`.
 */
export function quantiseStep({ name, forms }: StepLayer, { known }: LayerContext): ScaledLayer {
  const linear = forms.map((form) => ({ ...form, constant: 0 }));
  const rowScales = linear.map((form) => rowScale(form, known, STEP_WEIGHT_BITS));
  const rows = integerRows(linear, known.scales, (row) => ({
    scale: at(rowScales, row),
    offset: ceiling(at(forms, row).constant / at(rowScales, row)),
  }));
  return {
    layer: { kind: "step", name, rows, shifts: new Uint8Array(forms.length) },
    scales: forms.map(() => 1),
  };
}

/** Bits behind the point of a number whose floor is taken, where it has any: more cost a row each. */
const MOST_FRACTION_BITS = 24;

/**
 * Rows count parts of 1 by a power of two; dropping those bits is then the floor.
 *
 * Where all terms are whole multiples of some `1/n`, the floor is exact: half of `1/n` is added, which changes no floor of such a
 * multiple, and the parts are so fine that the rounding of the weights stays below that half.
 */
export function quantiseFloor(
  { name, forms }: FloorLayer,
  { known, bits }: LayerContext,
): ScaledLayer {
  const lifted = forms.map((form) => {
    const part = exactScale(form, known.scales, 2 ** MOST_FRACTION_BITS);
    if (part === undefined || Number.isInteger(Math.log2(part))) {
      return { form, finest: part ?? rowScale(form, known, bits.weight + bits.activation) };
    }
    const reach = form.variables.reduce((sum, variable) => sum + at(known.peaks, variable), 1);
    return { form: { ...form, constant: form.constant + part / 2 }, finest: part / 2 / reach };
  });
  const shifts = Uint8Array.from(lifted, ({ finest }) =>
    Math.min(MOST_FRACTION_BITS, Math.max(0, Math.ceil(-Math.log2(finest)))),
  );
  const rows = integerRows(
    lifted.map(({ form }) => form),
    known.scales,
    (row) => ({ scale: 2 ** -at(shifts, row), offset: 0 }),
  );
  return { layer: { kind: "floor", name, rows, shifts }, scales: forms.map(() => 1) };
}

/** Next integer above; what differs from an integer by no more than sums of doubles do is that integer. */
function ceiling(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) <= 1e-9 * Math.max(1, Math.abs(value))
    ? nearest
    : Math.ceil(value);
}

/** Products that cannot get longer than this keep all their bits: dropping some would cost a constraint for each of all. */
const KEPT_PRODUCT_BITS = 26;

export function quantiseProduct(
  { name, forms, factors, unit }: ProductLayer,
  { known, observed, bits, graph }: LayerContext,
): ScaledLayer {
  const { scales } = known;
  const { variables } = boundLayers(graph);
  const quantised = (operand: readonly AffineForm[], given: number) => {
    const rowScales = operand.map((form) =>
      given === 0 ? rowScale(form, known, bits.weight) : given,
    );
    const rows = integerRows(operand, scales, (row) => ({ scale: at(rowScales, row), offset: 0 }));
    return { rowScales, rows, bounds: boundRows(rows, variables, name) };
  };
  const [left, right] = [quantised(forms, unit), quantised(factors, 0)];
  const productScales = left.rowScales.map((scale, row) => scale * at(right.rowScales, row));
  const shifts = Uint8Array.from(productScales, (scale, row) => {
    const bounds = boundProduct(at(left.bounds, row), at(right.bounds, row));
    if (peakOf(bounds) < 2 ** KEPT_PRODUCT_BITS) return 0;
    return shiftFor(peakOf(at(observed.results, row)) / scale, bits.activation);
  });
  return {
    layer: { kind: "product", name, rows: left.rows, factors: right.rows, shifts },
    scales: productScales.map((scale, row) => scale * 2 ** at(shifts, row)),
  };
}

/** How far beyond the samples a table reaches that has no end of its own, as a share of what they reach. */
const MARGIN = 0.25;

export function quantiseFunction(
  { name, forms, function: given }: FunctionLayer,
  { known, observed, bits, graph }: LayerContext,
): ScaledLayer {
  const { scales } = known;
  // Not an exact scale: the table's unit sets it, and the weights have to follow that.
  const finest = forms.map((form) => roundedScale(form, known, bits.weight));
  const domain = domainOf(given, {
    name,
    observed: union(observed.sums),
    possible: possibleRange(forms, finest, { scales, graph, name }),
  });
  const unit = (domain.high - domain.low) / 2 ** bits.activation;
  const shifts = Uint8Array.from(finest, (scale) =>
    Math.max(0, Math.floor(Math.log2(unit / scale))),
  );
  const rowScales = Array.from(shifts, (shift) => unit / 2 ** shift);
  const rows = integerRows(forms, scales, (row) => ({ scale: at(rowScales, row), offset: 0 }));
  const lows = Float64Array.from(
    rowScales,
    (scale, row) => Math.round(domain.low / scale) - roundingHalf(at(shifts, row)),
  );
  const { table, scale } = tabulate(given, {
    low: domain.low,
    unit,
    argumentBits: bits.activation,
    outputBits: bits.activation,
  });
  return {
    layer: { kind: "function", name, rows, shifts, lows, table },
    scales: forms.map(() => scale),
  };
}

/** What rows can reach at all, in real numbers. */
function possibleRange(
  forms: readonly AffineForm[],
  rowScales: readonly number[],
  {
    scales,
    graph,
    name,
  }: Pick<LayerContext, "graph"> & {
    readonly scales: readonly number[];
    readonly name: string;
  },
): Range {
  const rows = integerRows(forms, scales, (row) => ({ scale: at(rowScales, row), offset: 0 }));
  const bounds = boundRows(rows, boundLayers(graph).variables, name);
  return union(
    bounds.map(({ low, high }, row) => ({
      low: low * at(rowScales, row),
      high: high * at(rowScales, row),
    })),
  );
}

/** Arguments that a table is made for. */
function domainOf(
  { evaluate, domain, pole }: ScalarFunction,
  { name, observed, possible }: { name: string; observed: Range; possible: Range },
): Range {
  const reached = withMargin(observed, pole);
  const isBelow = Number.isFinite(evaluate(reached.low));
  const low = Number.isFinite(domain.low) ? domain.low : isBelow ? reached.low : observed.low;
  const high = Number.isFinite(domain.high) ? domain.high : reached.high;
  const within = { low: Math.max(low, possible.low), high: Math.min(high, possible.high) };
  // What can only be one number gets a table around it.
  const found = within.low < within.high ? within : reached;
  const isDefined = [found.low, found.high].every((end) => Number.isFinite(evaluate(end)));
  if (isDefined && !(pole !== undefined && found.low < pole && pole < found.high)) return found;
  throw new ZkmlError(
    "RANGE_OVERFLOW",
    `Node "${name}" is not defined everywhere between ${found.low} and ${found.high}, which its argument can reach.`,
    "Give calibration samples that stay away from where it is not defined.",
  );
}

/** What the samples reach and a margin, which leaves as much of the way to a pole. */
function withMargin({ low, high }: Range, pole: number | undefined): Range {
  const margin = MARGIN * (low < high ? high - low : Math.max(Math.abs(low), 1));
  const [below, above] =
    pole === undefined
      ? [Infinity, Infinity]
      : [
          low > pole ? MARGIN * (low - pole) : Infinity,
          high < pole ? MARGIN * (pole - high) : Infinity,
        ];
  return { low: low - Math.min(margin, below), high: high + Math.min(margin, above) };
}

/** Low bits to drop so that a result of this size keeps `bits`. */
function shiftFor(peak: number, bits: number): number {
  return Math.max(0, Math.ceil(Math.log2((peak + 1) / 2 ** bits)));
}
