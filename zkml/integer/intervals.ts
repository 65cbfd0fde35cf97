import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import {
  forEachEntry,
  rowCount,
  type IntegerGraph,
  type IntegerLayer,
  type SparseRows,
} from "./graph.ts";
import { tableBounds } from "./piecewise-table.ts";
import { resultOf, roundingHalf } from "./run.ts";
import { INTEGER_FORMATS, specOfEach } from "./tensor-spec.ts";

/** Inclusive bounds of an integer. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Bounds that no input of the declared type can leave. */
export interface IntervalAnalysis {
  /** Per layer, per row. */
  readonly sums: readonly (readonly Interval[])[];
  /** Per layer, per row; empty where a layer has no factors. */
  readonly factors: readonly (readonly Interval[])[];
  readonly outputs: readonly Interval[];
}

/**
 * Worst-case interval arithmetic through the whole graph.
 *
 * The circuit range-checks each sum with just as many bits as its interval needs. Intervals are exact for a single row
 * (each variable takes its own worst end) and safe for all rows together, so an honest prover can always satisfy the
 * checks, and field wrap-around is out of reach: every sum stays within ±2⁵³, far below the field's 2²⁵⁴.
 *
 * @throws ZkmlError `RANGE_OVERFLOW` if a sum could leave ±2⁵³, a number whose bits are taken ±2⁵¹, or an output its type.
 */
export function analyseIntervals(graph: IntegerGraph): IntervalAnalysis {
  const { sums, factors, variables } = boundLayers(graph);
  const outputs = boundRows(graph.outputRows, variables, "the outputs");
  specOfEach(graph.outputs).forEach(({ type, name }, row) => {
    requireWithin(at(outputs, row), INTEGER_FORMATS[type], name);
  });
  return { sums, factors, outputs };
}

/** Bounds of all layers' rows, and of every variable. */
export function boundLayers({ inputs, layers }: Pick<IntegerGraph, "inputs" | "layers">): Omit<
  IntervalAnalysis,
  "outputs"
> & {
  readonly variables: readonly Interval[];
} {
  const variables: Interval[] = specOfEach(inputs).map(({ type }) => {
    const { min, max } = INTEGER_FORMATS[type];
    return { low: min, high: max };
  });
  const sums: Interval[][] = [];
  const factors: Interval[][] = [];
  for (const layer of layers) {
    const layerSums = boundRows(layer.rows, variables, layer.name);
    const layerFactors =
      layer.kind === "product" ? boundRows(layer.factors, variables, layer.name) : [];
    layerSums.forEach((sum, row) => {
      variables.push(boundResult(layer, row, { sum, factor: layerFactors[row] ?? UNIT }));
    });
    sums.push(layerSums);
    factors.push(layerFactors);
  }
  return { sums, factors, variables };
}

const UNIT: Interval = { low: 1, high: 1 };

function boundResult(
  layer: IntegerLayer,
  row: number,
  { sum, factor }: { readonly sum: Interval; readonly factor: Interval },
): Interval {
  switch (layer.kind) {
    case "rectifier": {
      requireWithin(sum, LIFTABLE, layer.name);
      const rectified = (value: number) => resultOf(layer, row, { sum: value, factor: 1 });
      return { low: rectified(sum.low), high: rectified(sum.high) };
    }
    case "step":
      requireWithin(sum, LIFTABLE, layer.name);
      return { low: sum.low > 0 ? 1 : 0, high: sum.high > 0 ? 1 : 0 };
    case "floor": {
      const unit = 2 ** at(layer.shifts, row);
      requireWithin({ low: sum.low - unit, high: sum.high + unit }, LIFTABLE, layer.name);
      const floorOf = (value: number) => resultOf(layer, row, { sum: value, factor: 1 });
      return { low: floorOf(sum.low), high: floorOf(sum.high) };
    }
    case "product": {
      const { low, high } = boundProduct(sum, factor);
      const half = roundingHalf(at(layer.shifts, row));
      requireWithin({ low: low - half, high: high + half }, LIFTABLE, layer.name);
      const shifted = (product: number) => resultOf(layer, row, { sum: product, factor: 1 });
      return { low: shifted(low), high: shifted(high) };
    }
    case "function": {
      const start = at(layer.lows, row);
      requireWithin({ low: sum.low - start, high: sum.high - start }, LIFTABLE, layer.name);
      return tableBounds(layer.table);
    }
  }
}

/** Bounds of the product of two bounded integers. */
export function boundProduct(a: Interval, b: Interval): Interval {
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  return { low: Math.min(...corners), high: Math.max(...corners) };
}

/**
 * A number whose bits are taken is lifted first, so that it is not negative: by less than twice what it can reach, which
 * leaves it within the 53 bits that `decompose` takes.
 */
const LIFTABLE = { min: -(2 ** 51), max: 2 ** 51 };

const SAFE = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER };

/** Bounds of rows over bounded variables. */
export function boundRows(
  rows: SparseRows,
  variables: readonly Interval[],
  name: string,
): Interval[] {
  return Array.from({ length: rowCount(rows) }, (_, row) => {
    let low = at(rows.bias, row);
    let high = low;
    let magnitude = Math.abs(low);
    forEachEntry(rows, row, (variable, weight) => {
      const bounds = at(variables, variable);
      low += weight * (weight > 0 ? bounds.low : bounds.high);
      high += weight * (weight > 0 ? bounds.high : bounds.low);
      magnitude += Math.abs(weight) * Math.max(Math.abs(bounds.low), Math.abs(bounds.high));
    });
    // Partial sums are bounded by the magnitude whatever their order.
    requireWithin({ low: -magnitude, high: magnitude }, SAFE, name);
    return { low, high };
  });
}

function requireWithin(
  { low, high }: Interval,
  { min, max }: { min: number; max: number },
  name: string,
): void {
  if (low >= min && high <= max) return;
  throw new ZkmlError(
    "RANGE_OVERFLOW",
    `Values of "${name}" can reach ${low < min ? low : high}, beyond ${low < min ? min : max}.`,
    "Quantise with fewer weight or activation bits.",
  );
}
