import { at, elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { forEachEntry, rowCount, type IntegerGraph, type SparseRows } from "./graph.ts";
import { INTEGER_FORMATS } from "./tensor-spec.ts";

/** Inclusive bounds of an integer. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Bounds that no input of the declared type can leave. */
export interface IntervalAnalysis {
  /** Per layer, per row: the sum before rectification. */
  readonly sums: readonly (readonly Interval[])[];
  readonly outputs: readonly Interval[];
}

/**
 * Worst-case interval arithmetic through the whole graph.
 *
 * The circuit range-checks each sum with just as many bits as its interval needs. Intervals are exact for a single row
 * (each variable takes its own worst end) and safe for all rows together, so an honest prover can always satisfy the
 * checks, and field wrap-around is out of reach: every sum stays within ±2⁵³, far below the field's 2²⁵⁴.
 *
 * @throws ZkmlError `RANGE_OVERFLOW` if a sum could leave ±2⁵³ or an output its type.
 */
export function analyseIntervals(graph: IntegerGraph): IntervalAnalysis {
  const { sums, variables } = boundLayers(graph);
  const outputs = boundRows(graph.outputRows, variables, graph.output.name);
  for (const interval of outputs)
    requireWithin(interval, INTEGER_FORMATS[graph.output.type], graph.output.name);
  return { sums, outputs };
}

/** Bounds of all layers' sums, and of every variable. */
export function boundLayers({ input, layers }: Pick<IntegerGraph, "input" | "layers">): {
  readonly sums: readonly (readonly Interval[])[];
  readonly variables: readonly Interval[];
} {
  const { min, max } = INTEGER_FORMATS[input.type];
  const variables: Interval[] = Array.from({ length: elementCount(input.shape) }, () => ({
    low: min,
    high: max,
  }));
  const sums = layers.map(({ name, rows, shifts }) => {
    const bounds = boundRows(rows, variables, name);
    bounds.forEach(({ high }, row) => {
      variables.push({ low: 0, high: Math.floor(Math.max(0, high) / 2 ** at(shifts, row)) });
    });
    return bounds;
  });
  return { sums, variables };
}

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
