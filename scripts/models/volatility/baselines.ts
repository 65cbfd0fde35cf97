import { at } from "../../../zkml/arrays.ts";
import { rootOfSquares } from "../market/volatility.ts";
import { HORIZON, usualVolatility, WINDOW, type Example } from "./data.ts";

/** Says the volatility of the next hour from a window, in the units of the window. */
export type Forecast = (example: Example) => number;

/** Root of the mean squared error, each error as a part of the volatility that is usual in its window. */
export function errorOf(forecasts: readonly number[], examples: readonly Example[]): number {
  const squares = examples.map(
    (example, i) => ((at(forecasts, i) - example.realised) / usualVolatility(example)) ** 2,
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / examples.length);
}

/** Decays from which the best is chosen, finer towards 1. */
const DECAYS = [0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.99] as const;

/** Reactions to the last return from which the best is chosen. */
const REACTIONS = [0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25] as const;

/** Of so many training examples one is looked at: enough for two or three numbers. */
const FITTED_EVERY = 8;

/** Simple forecasts from the same windows, by name; what they leave open is what is best on training examples. */
export function fitBaselines(examples: readonly Example[]): ReadonlyMap<string, Forecast> {
  const training = examples.filter((_, i) => i % FITTED_EVERY === 0);
  const averages = DECAYS.map((decay) => scaled(exponentialAverage(decay), training));
  const garches = REACTIONS.flatMap((alpha) =>
    DECAYS.filter((beta) => alpha + beta < 1).map((beta) => scaled(garch(alpha, beta), training)),
  );
  return new Map([
    ["last hour", scaled(lastHour, training)],
    ["exponentially weighted average", best(averages, training)],
    ["GARCH(1,1)", best(garches, training)],
  ]);
}

function best(forecasts: readonly Forecast[], training: readonly Example[]): Forecast {
  const errors = forecasts.map((forecast) => errorOf(training.map(forecast), training));
  return at(forecasts, errors.indexOf(Math.min(...errors)));
}

/** Times the constant that suits it best: realised volatility is below the root of the expected variance. */
function scaled(forecast: Forecast, training: readonly Example[]): Forecast {
  let [product, square] = [0, 0];
  for (const example of training) {
    const [said, was] = [forecast(example), example.realised];
    const weight = usualVolatility(example) ** -2;
    product += weight * said * was;
    square += weight * said ** 2;
  }
  return (example) => (product / square) * forecast(example);
}

const lastHour: Forecast = ({ returns }) => rootOfSquares(returns.subarray(WINDOW - HORIZON));

/** Variance of a return, as the window has it on average. */
function meanSquare({ returns }: Example): number {
  return rootOfSquares(returns) ** 2 / returns.length;
}

/** RiskMetrics: `h ← decay · h + (1 - decay) · r²`, from the window's mean. */
function exponentialAverage(decay: number): Forecast {
  return (example) => {
    const variance = example.returns.reduce(
      (h, value) => decay * h + (1 - decay) * value ** 2,
      meanSquare(example),
    );
    return Math.sqrt(HORIZON * variance);
  };
}

/**
 * Bollerslev's GARCH(1,1) with the window's mean as the long-run variance: `h ← (1 - α - β) · mean + α · r² + β · h`. What it
 * expects later returns to the mean at the rate `α + β`.
 */
function garch(alpha: number, beta: number): Forecast {
  const persistence = alpha + beta;
  const remembered = (1 - persistence ** HORIZON) / (1 - persistence);
  return (example) => {
    const mean = meanSquare(example);
    const next = example.returns.reduce(
      (h, value) => (1 - persistence) * mean + alpha * value ** 2 + beta * h,
      mean,
    );
    return Math.sqrt(HORIZON * mean + remembered * (next - mean));
  };
}
