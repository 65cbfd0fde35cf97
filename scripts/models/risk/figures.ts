import { at } from "../../../zkml/arrays.ts";
import type { CompiledModel } from "../../../zkml/model/compile-model.ts";
import { runBoth } from "../both-runs.ts";
import { BASIS_POINTS, type Position, type RiskData } from "./data.ts";

/** How well probabilities tell what happens. */
interface Skill {
  /** Chance that a position that is liquidated gets a higher one than a position that is not. */
  readonly auc: number;
  /** Mean squared difference to what happened, 1 or 0. */
  readonly brier: number;
  /** Share of positions for which "more probable than not" is right. */
  readonly accuracy: number;
}

/** How the model does on the test positions. */
export interface RiskFigures {
  readonly positions: number;
  readonly liquidatedShare: number;
  readonly float: Skill;
  readonly integer: Skill;
  /** Chances as `Skill` has them of orderings that need no model, by name. */
  readonly baselineAucs: ReadonlyMap<string, number>;
  /** Between float network and integer graph, in basis points of probability. */
  readonly maxDifference: number;
  readonly meanDifference: number;
}

export async function measureRisk(model: CompiledModel, { test }: RiskData): Promise<RiskFigures> {
  const happened = test.map(({ isLiquidated }) => isLiquidated);
  const runs = await runBoth(
    model,
    test.map(({ features }) => features),
  );
  const floats = runs.map(({ float }) => at(float, 0));
  const integers = runs.map(({ integer }) => at(integer, 0));
  const differences = floats.map((float, i) => Math.abs(float - at(integers, i)));
  return {
    positions: test.length,
    liquidatedShare: happened.filter(Boolean).length / test.length,
    float: skillOf(floats, happened),
    integer: skillOf(integers, happened),
    baselineAucs: new Map([
      [
        "health factor alone",
        aucOf(
          test.map((position) => -bufferOf(position)),
          happened,
        ),
      ],
      [
        "log health factor, by the day's volatility",
        aucOf(
          test.map((position) => -bufferOf(position) / Math.max(1, at(position.features, 2))),
          happened,
        ),
      ],
    ]),
    maxDifference: differences.reduce((max, each) => Math.max(max, each), 0),
    meanDifference: differences.reduce((sum, each) => sum + each, 0) / test.length,
  };
}

/** How far the price may fall, as a logarithm. */
function bufferOf({ features }: Position): number {
  return Math.log(at(features, 0) / BASIS_POINTS);
}

function skillOf(basisPoints: readonly number[], happened: readonly boolean[]): Skill {
  let [squares, right] = [0, 0];
  basisPoints.forEach((points, i) => {
    const probability = points / BASIS_POINTS;
    squares += (probability - (at(happened, i) ? 1 : 0)) ** 2;
    if (probability > 0.5 === at(happened, i)) right++;
  });
  const count = happened.length;
  return { auc: aucOf(basisPoints, happened), brier: squares / count, accuracy: right / count };
}

/** Area under the receiver operating characteristic, by ranks (Mann and Whitney); ties count half. */
function aucOf(scores: readonly number[], happened: readonly boolean[]): number {
  const order = scores.map((_, i) => i).toSorted((a, b) => at(scores, a) - at(scores, b));
  let [ranks, positives] = [0, 0];
  for (let first = 0, end = 0; first < order.length; first = end) {
    const score = at(scores, at(order, first));
    while (end < order.length && scores[order[end] ?? -1] === score) end++;
    const found = order.slice(first, end).filter((i) => at(happened, i)).length;
    ranks += (found * (first + end + 1)) / 2;
    positives += found;
  }
  const least = (positives * (positives + 1)) / 2;
  return (ranks - least) / (positives * (order.length - positives));
}
