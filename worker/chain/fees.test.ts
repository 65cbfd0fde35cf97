import { expect } from "chai";
import { raisedFees } from "./fees.ts";

describe("raised fees", () => {
  const offered = { maxFeePerGas: 1_000n, maxPriorityFeePerGas: 81n };
  const low = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };

  it("rise by an eighth, rounded up, so that no node refuses the replacement", () => {
    expect(raisedFees(offered, low, 10_000n)).to.deep.equal({
      maxFeePerGas: 1_125n,
      maxPriorityFeePerGas: 92n,
    });
  });

  it("follow the market where it has risen further", () => {
    const market = { maxFeePerGas: 3_000n, maxPriorityFeePerGas: 500n };
    expect(raisedFees(offered, market, 10_000n)).to.deep.equal(market);
  });

  it("stop at the limit", () => {
    expect(raisedFees(offered, low, 1_125n)?.maxFeePerGas).to.equal(1_125n);
    expect(raisedFees(offered, low, 1_124n)).to.equal(undefined);
  });
});
