import { expect } from "chai";
import { at, listOf } from "../../../zkml/arrays.ts";
import { simulateReturns, STEPS_PER_DAY, STEPS_PER_HOUR } from "./simulate.ts";
import { rootOfSquares } from "./volatility.ts";

const DAYS = 100;

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = (values: readonly number[]) => values.map((value) => value - mean(values));
  const [x, y] = [centred(left), centred(right)];
  const products = x.map((value, i) => value * at(y, i));
  return products.reduce((sum, value) => sum + value, 0) / (rootOfSquares(x) * rootOfSquares(y));
}

/** Hours of several assets: each asset's in order. */
const HOURS = listOf(5, (seed) => {
  const returns = simulateReturns(seed, DAYS);
  return listOf(returns.length / STEPS_PER_HOUR, (hour) =>
    returns.subarray(hour * STEPS_PER_HOUR, (hour + 1) * STEPS_PER_HOUR),
  );
});

describe("simulated market", () => {
  it("is the same for the same seed, and another one for another", () => {
    expect(simulateReturns(1, 2)).to.deep.equal(simulateReturns(1, 2));
    expect(simulateReturns(1, 2)).to.not.deep.equal(simulateReturns(2, 2));
    expect(simulateReturns(1, 2)).to.have.length(2 * STEPS_PER_DAY);
  });

  it("has volatility that lasts", () => {
    for (const hours of HOURS) {
      const logs = hours.map((hour) => Math.log(rootOfSquares(hour)));
      expect(correlation(logs.slice(0, -1), logs.slice(1))).to.be.above(0.4);
    }
  });

  it("has volatility that rises when prices fall", () => {
    const changes = HOURS.flatMap((hours) =>
      hours.slice(1).map((hour, i) => {
        const before = at(hours, i);
        const move = before.reduce((sum, value) => sum + value, 0) / rootOfSquares(before);
        return { move, growth: Math.log(rootOfSquares(hour) / rootOfSquares(before)) };
      }),
    );
    const moves = changes.map(({ move }) => move);
    const growths = changes.map(({ growth }) => growth);
    expect(correlation(moves, growths)).to.be.below(-0.05);
  });

  it("has jumps: returns ten times what the hour before had on average", () => {
    const jumps = HOURS.flatMap((hours) =>
      hours.slice(1).filter((hour, i) => {
        const usual = rootOfSquares(at(hours, i)) / Math.sqrt(STEPS_PER_HOUR);
        return hour.some((value) => Math.abs(value) > 10 * usual);
      }),
    );
    expect(jumps.length).to.be.within(20, 150);
  });

  it("has returns with fat tails", () => {
    for (const hours of HOURS) {
      const returns = hours.flatMap((hour) => Array.from(hour));
      const fourth = returns.reduce((sum, value) => sum + value ** 4, 0) / returns.length;
      const second = returns.reduce((sum, value) => sum + value ** 2, 0) / returns.length;
      expect(fourth / second ** 2).to.be.above(5);
    }
  });
});
