import { expect } from "chai";
import { compileStored } from "../model.ts";
import { riskData, type RiskData } from "./data.ts";
import { measureRisk } from "./figures.ts";
import { RISK } from "./risk.ts";

describe("liquidation risk on test positions", () => {
  let data: RiskData;

  before(() => {
    data = riskData();
  });

  it("is told better than by the health factor and volatility alone, in integers too", async () => {
    const figures = await measureRisk(await compileStored(RISK), data);
    const simple = Math.max(...figures.baselineAucs.values());
    expect(figures.float.auc).to.be.above(simple);
    expect(figures.integer.auc).to.be.above(simple);
    expect(figures.integer.brier - figures.float.brier).to.be.below(0.0005);
    expect(figures.maxDifference).to.be.at.most(10);
  });

  it("is as common in positions to learn from, few of which are certain", () => {
    for (const positions of [data.training, data.test]) {
      const share = positions.filter(({ isLiquidated }) => isLiquidated).length / positions.length;
      expect(share).to.be.within(0.15, 0.3);
    }
  });
});
