import { ZkmlError } from "../errors.ts";
import { quantiseWithScales, type QuantisationOptions, type ScaledGraph } from "./quantise.ts";
import type { Network } from "../network/network.ts";
import { measureAccuracy, type Accuracy } from "./accuracy.ts";
import { TOLERANCE } from "./tolerance.ts";

/** What networks need for which the usual precision is too coarse; from coarse to fine. */
const PRECISIONS: readonly QuantisationOptions[] = [
  {},
  { inputType: "int16" },
  { inputType: "int16", weightBits: 12 },
  { inputType: "int16", weightBits: 14 },
];

/** A network in integers, and how close they are to its floats on the samples. */
export interface MeasuredGraph extends ScaledGraph {
  readonly accuracy: Accuracy;
}

/**
 * Quantises as coarsely as the tolerance allows on the samples, or with the smallest error, if no precision keeps to it; more bits
 * cost constraints. If any precision is given, with that.
 *
 * @throws ZkmlError of the quantisation, if it fails at the coarsest.
 */
export function quantiseWithin(
  network: Network,
  samples: readonly ArrayLike<number>[],
  { weightBits, activationBits, inputType }: QuantisationOptions = {},
): MeasuredGraph {
  const measure = (precision: QuantisationOptions): MeasuredGraph => {
    const scaled = quantiseWithScales(network, samples, precision);
    return { ...scaled, accuracy: measureAccuracy(network, scaled, samples) };
  };
  const given = { weightBits, activationBits, inputType };
  if (Object.values(given).some((value) => value !== undefined)) return measure(given);
  const [coarsest, ...finer] = PRECISIONS;
  let best = measure(coarsest ?? {});
  for (const precision of finer) {
    if (errorOf(best) <= TOLERANCE) break;
    const next = unlessTooFine(() => measure(precision));
    if (next !== undefined && errorOf(next) < errorOf(best)) best = next;
  }
  return best;
}

function errorOf({ accuracy }: MeasuredGraph): number {
  return accuracy.output.relativeError;
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
