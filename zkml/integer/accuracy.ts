import { at } from "../arrays.ts";
import { runIntegerGraph } from "./run.ts";
import type { ScaledGraph } from "./quantise.ts";
import { dequantiseTensors, quantiseTensors } from "./tensor-spec.ts";
import { inputSizeOf, runNetwork, type Network } from "../network/network.ts";
import { maxDifference, rangeWithZero, TOLERANCE } from "./tolerance.ts";

/** How far integers are from the float network's numbers, on samples. */
export interface Deviation {
  /** Largest difference. */
  readonly maxAbsError: number;
  /** From the smallest to the largest float, zero included. */
  readonly range: number;
  /** The largest difference as a part of the range. */
  readonly relativeError: number;
  readonly risk: Risk;
}

/** Low: up to a quarter of the tolerance; medium: up to all of it. */
type Risk = "low" | "medium" | "high";

/** Deviations of each layer's results and of the output that is worst. */
export interface Accuracy {
  readonly layers: readonly Deviation[];
  readonly output: Deviation;
}

/**
 * Runs samples in floating point and in integers and compares layer by layer. Errors are passed on, so a layer's include
 * those of the layers it reads: accuracy is lost where they begin to grow.
 */
export function measureAccuracy(
  network: Network,
  { graph, scales }: ScaledGraph,
  samples: readonly ArrayLike<number>[],
): Accuracy {
  const runs = samples.map((sample) => ({
    floats: runNetwork(network, sample),
    integers: runIntegerGraph(graph, quantiseTensors(graph.inputs, sample)),
  }));
  const starts = firstVariables(network);
  return {
    layers: network.layers.map(({ forms }, k) => {
      const start = at(starts, k);
      const wanted = runs.flatMap(({ floats }) => at(floats.results, k));
      const found = runs.flatMap(({ integers }) =>
        forms.map((_, row) => at(integers.variables, start + row) * at(scales, start + row)),
      );
      return compare(found, wanted);
    }),
    output: worstOf(
      network.outputs.map((_, k) =>
        compare(
          runs.flatMap(({ integers }) => at(dequantiseTensors(graph.outputs, integers.outputs), k)),
          runs.flatMap(({ floats }) => at(floats.outputs, k)),
        ),
      ),
    ),
  };
}

function worstOf(deviations: readonly Deviation[]): Deviation {
  return deviations.reduce((worst, each) =>
    each.relativeError > worst.relativeError ? each : worst,
  );
}

/** Number of each layer's first variable. */
function firstVariables(network: Network): number[] {
  let next = inputSizeOf(network);
  return network.layers.map(({ forms }) => {
    const first = next;
    next += forms.length;
    return first;
  });
}

function compare(found: readonly number[], wanted: readonly number[]): Deviation {
  const maxAbsError = maxDifference(found, wanted);
  const range = rangeWithZero(wanted);
  const relativeError = relative(maxAbsError, range);
  return { maxAbsError, range, relativeError, risk: riskOf(relativeError) };
}

/** Where floats are zero on all samples, any difference is the whole. */
function relative(error: number, range: number): number {
  if (error === 0) return 0;
  return range === 0 ? 1 : error / range;
}

function riskOf(relativeError: number): Risk {
  if (relativeError <= TOLERANCE / 4) return "low";
  return relativeError <= TOLERANCE ? "medium" : "high";
}
