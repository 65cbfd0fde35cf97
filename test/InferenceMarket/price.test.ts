import { expect } from "chai";
import { feeAt } from "../../sdk/request.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, type RequestOptions } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg, PARAMETERS } from "../fixtures/protocol.ts";

const RAMP_SECONDS = 1_000;

describe("the price of a request", () => {
  async function asked() {
    const context = await runningMarket();
    const request = await ask(context, context.published, { rampSeconds: RAMP_SECONDS });
    const { output, evidence } = await answer(context, context.published, {
      ...request,
      node: context.operator.address,
    });
    return { ...context, market: context.inferenceMarket, request, output, evidence };
  }

  it("rises from the quote to the maximum, in the SDK as in the contract", async () => {
    const { market, request } = await loadFixture(asked);
    const { terms } = request;
    expect(terms.minFee).to.equal(opg(1) + 1_024n * PARAMETERS.priceRules.floor);
    for (const elapsed of [0n, 1n, 333n, 500n, 999n, 1_000n, 5_000n]) {
      const expected =
        elapsed < 1_000n ? terms.minFee + ((opg(10) - terms.minFee) * elapsed) / 1_000n : opg(10);
      expect(feeAt(terms, terms.rampStart + elapsed)).to.equal(expected);
      expect(await market.feeAt(terms, terms.rampStart + elapsed)).to.equal(expected);
    }
    expect(feeAt(terms, terms.rampStart - 5n)).to.equal(terms.minFee);
  });

  it("is fixed by the lock; what is not paid returns to the payer", async () => {
    const { market, feeEscrow, operator, payer, request, output, evidence } =
      await loadFixture(asked);
    const { terms, requestId } = request;
    await time.setNextBlockTimestamp(terms.rampStart + 250n);
    await market.connect(operator).lock(terms, operator);
    await time.setNextBlockTimestamp(terms.rampStart + 700n);
    const paid = terms.minFee + (opg(10) - terms.minFee) / 4n;
    await expect(market.fulfil(terms, operator, output, evidence))
      .to.emit(feeEscrow, "FeeReleased")
      .withArgs(market, requestId, operator, paid - opg(1), opg(1), opg(10) - paid);
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(1_000) - paid);
  });

  it("is what is offered when an unlocked request is served", async () => {
    const { market, feeEscrow, operator, payer, request, output, evidence } =
      await loadFixture(asked);
    const { terms } = request;
    await time.setNextBlockTimestamp(terms.rampStart + 500n);
    await market.fulfil(terms, operator, output, evidence);
    const paid = terms.minFee + (opg(10) - terms.minFee) / 2n;
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(1_000) - paid);
    expect(await feeEscrow.earningsOf(operator)).to.equal(paid - opg(1));
  });

  it("does not move for a request that was made before", async () => {
    const context = await loadFixture(asked);
    const { market, feePolicy, feeEscrow, operator, request, output, evidence } = context;
    await feePolicy.setPriceRules({ ...PARAMETERS.priceRules, floor: 10n ** 15n });
    await time.increase(3_000);
    await market.closeWindows();
    await market.fulfil(request.terms, operator, output, evidence);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
  });

  describe("demand", () => {
    it("is counted when a request is served, and not before", async () => {
      const { market, operator, request, output, evidence } = await loadFixture(asked);
      await market.connect(operator).lock(request.terms, operator);
      expect((await market.priceState()).served).to.equal(0);
      await market.fulfil(request.terms, operator, output, evidence);
      expect((await market.priceState()).served).to.equal(1_024);
    });

    it("is not counted for a request that expired", async () => {
      const { market, request } = await loadFixture(asked);
      await time.increase(3_601);
      await market.expire(request.terms);
      expect((await market.priceState()).served).to.equal(0);
    });

    it("makes the next window dearer, and the lack of it cheaper again", async () => {
      const context = await loadFixture(asked);
      const { market, feePolicy, operator, published, request, output, evidence } = context;
      // A target that one inference exceeds twice over; it holds for the window that is open.
      await feePolicy.setPriceRules({ ...PARAMETERS.priceRules, target: 500 });
      await market.fulfil(request.terms, operator, output, evidence);
      const { floor } = PARAMETERS.priceRules;
      await time.increaseTo((await market.priceState()).windowEnd);
      const dearer = (floor * 9n) / 8n;
      expect((await market.priceState()).unitPrice).to.equal(dearer);
      expect(await market.priceOf(published.modelId, TIERS.Proven, 12)).to.deep.equal([
        1_024n,
        opg(1) + 1_024n * dearer,
      ]);
      const next = await askAgain(context, { salt: 2 });
      expect(next.terms.minFee).to.equal(opg(1) + 1_024n * dearer);
      await time.increase(3_600);
      expect((await market.priceState()).unitPrice).to.equal(floor);
    });
  });

  function askAgain(context: Awaited<ReturnType<typeof asked>>, options: RequestOptions) {
    return ask(context, context.published, options);
  }
});
