import { at } from "../../../zkml/arrays.ts";
import type { CompiledModel } from "../../../zkml/model/compile-model.ts";
import { runBoth } from "../both-runs.ts";
import { errorOf, fitBaselines } from "./baselines.ts";
import type { VolatilityData } from "./data.ts";

/** How good forecasts are on the test windows; errors as `errorOf` has them. */
export interface VolatilityFigures {
  readonly windows: number;
  readonly floatError: number;
  readonly integerError: number;
  readonly baselineErrors: ReadonlyMap<string, number>;
  /** Between float network and integer graph, in units of 0.001 %. */
  readonly maxDifference: number;
  readonly meanDifference: number;
  readonly meanRealised: number;
}

export async function measureVolatility(
  model: CompiledModel,
  { training, test }: VolatilityData,
): Promise<VolatilityFigures> {
  const windows = test.map(({ returns }) => returns);
  const runs = await runBoth(model, windows);
  const floats = runs.map(({ float }) => at(float, 0));
  const integers = runs.map(({ integer }) => at(integer, 0));
  const differences = floats.map((float, i) => Math.abs(float - at(integers, i)));
  return {
    windows: test.length,
    floatError: errorOf(floats, test),
    integerError: errorOf(integers, test),
    baselineErrors: new Map(
      [...fitBaselines(training)].map(([name, forecast]) => [
        name,
        errorOf(test.map(forecast), test),
      ]),
    ),
    maxDifference: differences.reduce((max, each) => Math.max(max, each), 0),
    meanDifference: meanOf(differences),
    meanRealised: meanOf(test.map(({ realised }) => realised)),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
