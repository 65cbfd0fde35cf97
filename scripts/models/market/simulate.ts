import { listOf } from "../../../zkml/arrays.ts";
import { seededRandom, type Random } from "../../../zkml/random.ts";
import { gaussian } from "../learn/random.ts";

/*
 * A market to train and test on: five-minute log returns of made-up assets. No price history that can be had as a package
 * may be redistributed, and a simulation has held-out assets without end.
 *
 *     r[t] = exp(v[t] / 2) · z[t] + jump[t],    v[t] = level + slow[t] + fast[t]
 *
 * Two autoregressive factors of log-variance, the fast one correlated with the return (Chernov, Gallant, Ghysels and Tauchen,
 * "Alternative models for stock price dynamics", Journal of Econometrics 116, 2003), and compound Poisson jumps (Merton,
 * "Option pricing when underlying stock returns are discontinuous", Journal of Financial Economics 3, 1976).
 */

export const STEPS_PER_HOUR = 12;
export const STEPS_PER_DAY = 24 * STEPS_PER_HOUR;

/** Volatility of a day in quiet times: of each asset another one, between these. */
const DAILY_VOLATILITY = { low: 0.01, high: 0.06 } as const;

/** Factors of log-variance: steps after which half is forgotten, and standard deviation. */
const SLOW = { halfLife: 3 * STEPS_PER_DAY, deviation: 0.9 } as const;
const FAST = { halfLife: 2 * STEPS_PER_HOUR, deviation: 0.8 } as const;

/** Correlation of a return with what it does to the fast factor: prices that fall shake more. */
const LEVERAGE = -0.5;

/** Jumps a day, and their deviation in daily volatilities. */
const JUMPS = { perDay: 0.25, deviation: 0.8 } as const;

/** Log returns of an asset, each over five minutes. The same seed gives the same asset. */
export function simulateReturns(seed: number, days: number): Float64Array {
  const random = seededRandom(seed);
  const { low, high } = DAILY_VOLATILITY;
  const daily = low * (high / low) ** random();
  const level = Math.log(daily ** 2 / STEPS_PER_DAY);
  let [slow, fast] = [SLOW.deviation * gaussian(random), FAST.deviation * gaussian(random)];
  return Float64Array.from({ length: days * STEPS_PER_DAY }, () => {
    const shock = gaussian(random);
    const diffusion = Math.exp((level + slow + fast) / 2) * shock;
    const other = LEVERAGE * shock + Math.sqrt(1 - LEVERAGE ** 2) * gaussian(random);
    slow = follow(slow, SLOW, gaussian(random));
    fast = follow(fast, FAST, other);
    return diffusion + jump(random, daily);
  });
}

/** The next value of an autoregressive factor, which keeps its deviation. */
function follow(
  value: number,
  { halfLife, deviation }: { readonly halfLife: number; readonly deviation: number },
  shock: number,
): number {
  const kept = 2 ** (-1 / halfLife);
  return kept * value + deviation * Math.sqrt(1 - kept ** 2) * shock;
}

function jump(random: Random, daily: number): number {
  if (random() >= JUMPS.perDay / STEPS_PER_DAY) return 0;
  return JUMPS.deviation * daily * gaussian(random);
}

/** Assets to learn from, and others to be tested on. */
export interface Market {
  readonly training: readonly Float64Array[];
  readonly test: readonly Float64Array[];
}

const TRAINING_ASSETS = 200;
const TEST_ASSETS = 100;
const DAYS = 40;

/** Five-minute log returns of 300 assets over 40 days; no asset is both learnt from and tested on. */
export function simulateMarket(seed: number): Market {
  const assets = listOf(TRAINING_ASSETS + TEST_ASSETS, (asset) =>
    simulateReturns(seed * 1_000 + asset, DAYS),
  );
  return { training: assets.slice(0, TRAINING_ASSETS), test: assets.slice(TRAINING_ASSETS) };
}
