import { at, elementCount } from "../arrays.ts";
import { rowCount, type IntegerGraph, type SparseRows } from "./graph.ts";
import { decodeTensor, encodeTensor } from "./tensor-spec.ts";

/** Everything an exact run computes; the circuit's witness is filled from it. */
export interface IntegerTrace {
  /** Input elements, then each layer's results. */
  readonly variables: Float64Array;
  /** Each layer's sums before rectification. */
  readonly sums: readonly Float64Array[];
  readonly outputs: Float64Array;
}

/** Runs the graph on encoded input and gives the encoded output, as put on chain. */
export function infer(graph: IntegerGraph, input: Uint8Array): Uint8Array {
  return encodeTensor(
    graph.output,
    runIntegerGraph(graph, decodeTensor(graph.input, input)).outputs,
  );
}

/** Runs the graph exactly. Inputs must already be integers of the input's type. */
export function runIntegerGraph(graph: IntegerGraph, input: ArrayLike<number>): IntegerTrace {
  const variables = new Float64Array(variableCount(graph));
  variables.set(Array.from(input));
  let next = elementCount(graph.input.shape);
  const sums = graph.layers.map(({ rows, shifts }) => {
    const layerSums = sumRows(rows, variables);
    layerSums.forEach((sum, row) => {
      variables[next++] = sum <= 0 ? 0 : Math.floor(sum / 2 ** at(shifts, row));
    });
    return layerSums;
  });
  return { variables, sums, outputs: sumRows(graph.outputRows, variables) };
}

function variableCount(graph: IntegerGraph): number {
  return graph.layers.reduce(
    (count, { rows }) => count + rowCount(rows),
    elementCount(graph.input.shape),
  );
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
