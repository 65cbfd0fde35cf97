import type { Random } from "../../../zkml/random.ts";
import { toInt16 } from "../int16.ts";
import { sampleAssets } from "../market/sample.ts";
import { simulateMarket, STEPS_PER_HOUR } from "../market/simulate.ts";
import { rootOfSquares } from "../market/volatility.ts";

/** Units of 0.001 %, in which returns and volatilities are integers. */
const UNITS = 100_000;

/** Five-minute returns that a forecast is made from: four hours. */
export const WINDOW = 4 * STEPS_PER_HOUR;

/** Returns over which the forecast volatility is realised: one hour. */
export const HORIZON = STEPS_PER_HOUR;

/** A window of returns, oldest first, and what followed. */
export interface Example {
  /** Whole numbers, in units of 0.001 %. */
  readonly returns: Float32Array;
  /** Root of the sum of squared returns of the next hour, in units of 0.001 %. */
  readonly realised: number;
}

export interface VolatilityData {
  readonly training: readonly Example[];
  readonly test: readonly Example[];
}

const SEED = 1;
const EXAMPLES_PER_ASSET = 300;

/** Windows of the simulated market at random times; test windows are of other assets than training windows. */
export function volatilityData(): VolatilityData {
  const { training, test } = simulateMarket(SEED);
  const perAsset = EXAMPLES_PER_ASSET;
  return {
    training: sampleAssets(training, { seed: 10_000, perAsset }, exampleOf),
    test: sampleAssets(test, { seed: 20_000, perAsset }, exampleOf),
  };
}

function exampleOf(returns: Float64Array, random: Random): Example {
  const start = Math.floor(random() * (returns.length - WINDOW - HORIZON));
  const end = start + WINDOW;
  return {
    returns: Float32Array.from(returns.subarray(start, end), (value) => toInt16(value * UNITS)),
    realised: rootOfSquares(returns.subarray(end, end + HORIZON)) * UNITS,
  };
}

/** Volatility of an hour like the mean of the window, in units of 0.001 %: what errors are measured against. */
export function usualVolatility({ returns }: Example): number {
  return Math.max(1, rootOfSquares(returns) * Math.sqrt(HORIZON / WINDOW));
}
