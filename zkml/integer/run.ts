import { at } from "../arrays.ts";
import { rowCount, type IntegerGraph, type IntegerLayer, type SparseRows } from "./graph.ts";
import { lookUp } from "./piecewise-table.ts";
import { decodeTensors, encodeTensors, sizeOf } from "./tensor-spec.ts";

/** Everything an exact run computes; the circuit's witness is filled from it. */
export interface IntegerTrace {
  /** Input elements, then each layer's results. */
  readonly variables: Float64Array;
  /** Each layer's rows. */
  readonly sums: readonly Float64Array[];
  /** Each layer's factors; empty where a layer has none. */
  readonly factors: readonly Float64Array[];
  readonly outputs: Float64Array;
}

/** Runs the graph on encoded input and gives the encoded output, as put on chain. */
export function infer(graph: IntegerGraph, input: Uint8Array): Uint8Array {
  return encodeTensors(
    graph.outputs,
    runIntegerGraph(graph, decodeTensors(graph.inputs, input)).outputs,
  );
}

/** Runs the graph exactly. Inputs must already be integers of the input's type. */
export function runIntegerGraph(graph: IntegerGraph, input: ArrayLike<number>): IntegerTrace {
  const variables = new Float64Array(variableCount(graph));
  variables.set(Array.from(input));
  let next = sizeOf(graph.inputs);
  const sums: Float64Array[] = [];
  const factors: Float64Array[] = [];
  for (const layer of graph.layers) {
    const layerSums = sumRows(layer.rows, variables);
    const layerFactors =
      layer.kind === "product" ? sumRows(layer.factors, variables) : new Float64Array();
    layerSums.forEach((sum, row) => {
      variables[next++] = resultOf(layer, row, { sum, factor: layerFactors[row] ?? 1 });
    });
    sums.push(layerSums);
    factors.push(layerFactors);
  }
  return { variables, sums, factors, outputs: sumRows(graph.outputRows, variables) };
}

/** What a row of a layer gives; the one definition of an integer layer. */
export function resultOf(
  layer: IntegerLayer,
  row: number,
  { sum, factor }: { readonly sum: number; readonly factor: number },
): number {
  const shift = at(layer.shifts, row);
  switch (layer.kind) {
    case "rectifier":
      return sum <= 0 ? 0 : Math.floor(sum / 2 ** shift);
    case "step":
      return sum > 0 ? 1 : 0;
    case "floor":
      return Math.floor(sum / 2 ** shift);
    case "product":
      return Math.floor((sum * factor + roundingHalf(shift)) / 2 ** shift);
    case "function":
      return lookUp(layer.table, Math.floor((sum - at(layer.lows, row)) / 2 ** shift));
  }
}

/** Adding half a unit before the low bits are dropped makes the drop a rounding to nearest. */
export function roundingHalf(shift: number): number {
  return shift === 0 ? 0 : 2 ** (shift - 1);
}

function variableCount(graph: IntegerGraph): number {
  return graph.layers.reduce((count, { rows }) => count + rowCount(rows), sizeOf(graph.inputs));
}

function sumRows(
  { starts, variables, weights, bias }: SparseRows,
  values: Float64Array,
): Float64Array {
  return bias.map((constant, row) => {
    let sum = constant;
    const end = starts[row + 1] ?? 0;
    for (let k = starts[row] ?? 0; k < end; k++) {
      sum += (weights[k] ?? 0) * (values[variables[k] ?? 0] ?? 0);
    }
    return sum;
  });
}
