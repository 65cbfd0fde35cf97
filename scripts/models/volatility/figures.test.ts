import { expect } from "chai";
import { compileStored } from "../model.ts";
import { volatilityData } from "./data.ts";
import { measureVolatility } from "./figures.ts";
import { VOLATILITY } from "./volatility.ts";

describe("volatility forecast on test windows", () => {
  it("is better than averages and GARCH, in integers too", async () => {
    const figures = await measureVolatility(await compileStored(VOLATILITY), volatilityData());
    const simple = Math.min(...figures.baselineErrors.values());
    expect(figures.baselineErrors.size).to.equal(3);
    expect(figures.floatError).to.be.below(simple);
    expect(figures.integerError).to.be.below(simple);
    expect(figures.meanDifference / figures.meanRealised).to.be.below(0.001);
  });
});
