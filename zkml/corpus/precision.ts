import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { maxDifference, rangeWithZero, TOLERANCE } from "../inspect/tolerance.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { quantise, type QuantisationOptions } from "../integer/quantise.ts";
import { runIntegerGraph } from "../integer/run.ts";
import { dequantiseTensors, quantiseTensors } from "../integer/tensor-spec.ts";
import { runNetwork, type Network } from "../network/network.ts";

/** What networks need for which the usual options are too coarse; from coarse to fine. */
const FINER: readonly QuantisationOptions[] = [
  { inputType: "int16" },
  { inputType: "int16", weightBits: 12 },
  { inputType: "int16", weightBits: 14 },
];

/** A network in integers, held against what another runtime answers to the first sample. */
export interface QuantisedNetwork {
  readonly graph: IntegerGraph;
  /** Of the output that comes closest to its tolerance, or is farthest beyond it. */
  readonly maxAbsError: number;
  /** A part of the range of that output's float values on the samples. */
  readonly tolerance: number;
}

/**
 * Quantises as coarsely as the tolerance allows; with the smallest error, if no precision keeps to it.
 *
 * @param expected Per output.
 * @throws ZkmlError of the quantisation, if it fails at the usual precision.
 */
export function quantiseWithin(
  network: Network,
  samples: readonly [readonly number[], ...(readonly number[])[]],
  expected: readonly (readonly number[])[],
): QuantisedNetwork {
  const runs = samples.map((sample) => runNetwork(network, sample).outputs);
  const tolerances = network.outputs.map(
    (_, k) => TOLERANCE * rangeWithZero(runs.flatMap((outputs) => at(outputs, k))),
  );
  const measure = (precision: QuantisationOptions): QuantisedNetwork => {
    const graph = quantise(network, samples, precision);
    const { outputs } = runIntegerGraph(graph, quantiseTensors(graph.inputs, samples[0]));
    const measured = dequantiseTensors(graph.outputs, outputs).map((found, k) => ({
      maxAbsError: maxDifference(found, at(expected, k)),
      tolerance: at(tolerances, k),
    }));
    return {
      graph,
      ...measured.reduce((worst, each) => (excess(each) > excess(worst) ? each : worst)),
    };
  };

  let best = measure({});
  for (const precision of FINER) {
    if (excess(best) <= 1) break;
    const next = unlessTooFine(() => measure(precision));
    if (next !== undefined && excess(next) < excess(best)) best = next;
  }
  return best;
}

/** An error as a multiple of what is tolerated. */
function excess({ maxAbsError, tolerance }: Omit<QuantisedNetwork, "graph">): number {
  return maxAbsError === 0 ? 0 : maxAbsError / tolerance;
}

/** More bits may be more than integers have room for. */
function unlessTooFine<T>(measure: () => T): T | undefined {
  try {
    return measure();
  } catch (error) {
    if (error instanceof ZkmlError && error.code === "RANGE_OVERFLOW") return undefined;
    throw error;
  }
}
