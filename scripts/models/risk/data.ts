import type { Random } from "../../../zkml/random.ts";
import { toInt16 } from "../int16.ts";
import { sampleAssets } from "../market/sample.ts";
import { simulateMarket, STEPS_PER_DAY, STEPS_PER_HOUR } from "../market/simulate.ts";
import { rootOfSquares } from "../market/volatility.ts";

/** Parts of 1/10,000, in which the model takes and gives everything. */
export const BASIS_POINTS = 10_000;

/** What the model is told of a position, in this order: whole numbers in basis points. */
export const FEATURES = [
  {
    name: "health factor",
    meaning: "worth of the collateral that counts, by debt; 10,000 is the limit",
  },
  { name: "volatility of the hour", meaning: "root of the sum of squared five-minute returns" },
  { name: "volatility of the day", meaning: "the same of 24 hours" },
  { name: "volatility of the week", meaning: "the same of 7 days" },
  { name: "return of the hour", meaning: "log return of the collateral against the debt" },
  { name: "return of the day", meaning: "the same of 24 hours" },
  { name: "return of the week", meaning: "the same of 7 days" },
  { name: "drawdown", meaning: "log of the week's highest price by the present one" },
] as const;

const WEEK = 7 * STEPS_PER_DAY;

/** A borrower's position, and whether its health factor falls below 1 within a day. */
export interface Position {
  readonly features: Int16Array;
  readonly isLiquidated: boolean;
}

export interface RiskData {
  readonly training: readonly Position[];
  readonly test: readonly Position[];
}

const SEED = 2;
const POSITIONS_PER_ASSET = 300;

/** Mean of the log of the health factor: few borrowers keep near the limit. */
const MEAN_BUFFER = 0.1;

/** Positions at random times in the simulated market; those of test are in other assets than those of training. */
export function riskData(): RiskData {
  const { training, test } = simulateMarket(SEED);
  const perAsset = POSITIONS_PER_ASSET;
  return {
    training: sampleAssets(training, { seed: 30_000, perAsset }, positionIn),
    test: sampleAssets(test, { seed: 40_000, perAsset }, positionIn),
  };
}

function positionIn(returns: Float64Array, random: Random): Position {
  const now = WEEK + Math.floor(random() * (returns.length - WEEK - STEPS_PER_DAY));
  const buffer = -MEAN_BUFFER * Math.log(1 - random());
  const tomorrow = returns.subarray(now, now + STEPS_PER_DAY);
  return {
    features: Int16Array.from(
      [Math.exp(buffer), ...marketFeatures(returns.subarray(now - WEEK, now))],
      (value) => toInt16(value * BASIS_POINTS),
    ),
    isLiquidated: buffer + lowestOf(tomorrow) < 0,
  };
}

/** All features but the first, from a week of returns. */
function marketFeatures(week: Float64Array): number[] {
  const day = week.subarray(-STEPS_PER_DAY);
  const hour = week.subarray(-STEPS_PER_HOUR);
  const spans = [hour, day, week];
  const sum = (returns: Float64Array): number => returns.reduce((total, each) => total + each, 0);
  // Backwards in time, prices were higher by what returns have taken since.
  const drawdown = -lowestOf(week.toReversed());
  return [...spans.map(rootOfSquares), ...spans.map(sum), drawdown];
}

/** Lowest point of a walk that starts at 0. */
function lowestOf(steps: Float64Array): number {
  let [height, lowest] = [0, 0];
  for (const step of steps) {
    height += step;
    lowest = Math.min(lowest, height);
  }
  return lowest;
}
