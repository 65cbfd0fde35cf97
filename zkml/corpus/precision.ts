import { ZkmlError } from "../errors.ts";
import { maxDifference, rangeWithZero, TOLERANCE } from "../inspect/tolerance.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { quantise, type QuantisationOptions } from "../integer/quantise.ts";
import { runIntegerGraph } from "../integer/run.ts";
import { quantiseTensor } from "../integer/tensor-spec.ts";
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
  readonly maxAbsError: number;
  /** A part of the range of the float outputs on the samples. */
  readonly tolerance: number;
}

/**
 * Quantises as coarsely as the tolerance allows; with the smallest error, if no precision keeps to it.
 *
 * @throws ZkmlError of the quantisation, if it fails at the usual precision.
 */
export function quantiseWithin(
  network: Network,
  samples: readonly [readonly number[], ...(readonly number[])[]],
  expected: readonly number[],
): QuantisedNetwork {
  const outputs = samples.flatMap((sample) => runNetwork(network, sample).outputs);
  const tolerance = TOLERANCE * rangeWithZero(outputs);
  const measure = (precision: QuantisationOptions): QuantisedNetwork => {
    const graph = quantise(network, samples, precision);
    const { outputs: integers } = runIntegerGraph(graph, quantiseTensor(graph.input, samples[0]));
    const found = integers.map((value) => value * graph.output.scale);
    return { graph, maxAbsError: maxDifference(found, expected), tolerance };
  };

  let best = measure({});
  for (const precision of FINER) {
    if (best.maxAbsError <= tolerance) break;
    const next = unlessTooFine(() => measure(precision));
    if (next !== undefined && next.maxAbsError < best.maxAbsError) best = next;
  }
  return best;
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
