import { at } from "../arrays.ts";
import { runNetwork, type Network } from "../network/network.ts";

/** What a row was seen to reach. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What the calibration samples show of one layer, per row. */
export interface ObservedLayer {
  readonly sums: readonly Range[];
  readonly results: readonly Range[];
}

/** Runs the samples and notes what every row of every layer reaches. */
export function observe(
  network: Network,
  samples: readonly ArrayLike<number>[],
): readonly ObservedLayer[] {
  const traces = samples.map((sample) => runNetwork(network, sample));
  return network.layers.map(({ forms }, k) => ({
    sums: forms.map((_, row) => rangeOf(traces.map(({ sums }) => at(at(sums, k), row)))),
    results: forms.map((_, row) => rangeOf(traces.map(({ results }) => at(at(results, k), row)))),
  }));
}

function rangeOf(values: readonly number[]): Range {
  return {
    low: values.reduce((low, value) => Math.min(low, value), Infinity),
    high: values.reduce((high, value) => Math.max(high, value), -Infinity),
  };
}

/** The range that holds all of these. */
export function union(ranges: readonly Range[]): Range {
  return rangeOf(ranges.flatMap(({ low, high }) => [low, high]));
}

/** Largest magnitude in a range. */
export function peakOf({ low, high }: Range): number {
  return Math.max(Math.abs(low), Math.abs(high));
}
