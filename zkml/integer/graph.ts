import type { PiecewiseTable } from "./piecewise-table.ts";
import type { TensorSpec } from "./tensor-spec.ts";

/** Integer weights of affine rows, compressed: row `j` owns entries `starts[j]` to `starts[j + 1]`. */
export interface SparseRows {
  readonly starts: Uint32Array;
  /** Variable of each entry. */
  readonly variables: Uint32Array;
  readonly weights: Int32Array;
  /** One integer per row; may need more than 32 bits. */
  readonly bias: Float64Array;
}

/** Every row of a layer is a new variable. */
export type IntegerLayer =
  IntegerRectifier | IntegerStep | IntegerFloor | IntegerProduct | IntegerFunction;

interface IntegerLayerBase {
  readonly name: string;
  readonly rows: SparseRows;
  /** Bits dropped from each row. */
  readonly shifts: Uint8Array;
}

/** `max(0, row) >> shift`. The bias already holds the half that makes the drop a rounding. */
interface IntegerRectifier extends IntegerLayerBase {
  readonly kind: "rectifier";
}

/** 1 if `row > 0`, else 0. Shifts are 0. */
interface IntegerStep extends IntegerLayerBase {
  readonly kind: "step";
}

/** `row >> shift`. */
interface IntegerFloor extends IntegerLayerBase {
  readonly kind: "floor";
}

/** `(row · factor + half) >> shift`, where `half` is that of the shift. */
interface IntegerProduct extends IntegerLayerBase {
  readonly kind: "product";
  readonly factors: SparseRows;
}

/** `table((row - low) >> shift)`. `low` already holds the half that makes the drop a rounding. */
interface IntegerFunction extends IntegerLayerBase {
  readonly kind: "function";
  /** Per row, what stands for the table's first argument. */
  readonly lows: Float64Array;
  readonly table: PiecewiseTable;
}

/**
 * A network on integers alone, exact and identical on every machine. Variables are numbered as in `Network`: input
 * elements first, then each layer's results. All intermediate sums stay within ±2⁵³, so doubles hold them exactly;
 * `analyseIntervals` proves it.
 */
export interface IntegerGraph {
  readonly inputs: readonly TensorSpec[];
  readonly layers: readonly IntegerLayer[];
  /** The elements of all outputs, one tensor after the other. */
  readonly outputRows: SparseRows;
  readonly outputs: readonly TensorSpec[];
}

export function rowCount(rows: SparseRows): number {
  return rows.bias.length;
}

/** Calls `visit(variable, weight)` for each entry of row `row`. */
export function forEachEntry(
  { starts, variables, weights }: SparseRows,
  row: number,
  visit: (variable: number, weight: number) => void,
): void {
  const end = starts[row + 1] ?? 0;
  for (let k = starts[row] ?? 0; k < end; k++) visit(variables[k] ?? 0, weights[k] ?? 0);
}

/** The rows of all, one after the other. */
export function joinRows(parts: readonly SparseRows[]): SparseRows {
  let before = 0;
  const starts = parts.flatMap((part) => {
    const shifted = Array.from(part.starts.subarray(1), (start) => before + start);
    before += part.variables.length;
    return shifted;
  });
  return {
    starts: Uint32Array.from([0, ...starts]),
    variables: Uint32Array.from(parts.flatMap(({ variables }) => Array.from(variables))),
    weights: Int32Array.from(parts.flatMap(({ weights }) => Array.from(weights))),
    bias: Float64Array.from(parts.flatMap(({ bias }) => Array.from(bias))),
  };
}
