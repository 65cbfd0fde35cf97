import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { REQUEST_OUTCOME, REQUEST_STATUS } from "../../sdk/request-status.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const { Fulfilled: FULFILLED, Expired: EXPIRED } = REQUEST_STATUS;

describe("InferenceMarket.expire", () => {
  async function asked() {
    const context = await runningMarket();
    return {
      ...context,
      market: context.inferenceMarket,
      request: await ask(context, context.published),
    };
  }

  async function locked() {
    const context = await asked();
    await context.market.connect(context.operator).lock(context.request.terms, context.operator);
    return {
      ...context,
      deadline: (await context.market.stateOf(context.request.requestId)).deadline,
    };
  }

  it("refunds a request that nobody took, whoever calls", async () => {
    const { market, feeEscrow, staking, payer, stranger, request } = await loadFixture(asked);
    await time.setNextBlockTimestamp(request.terms.expiry + 1n);
    const expire = market.connect(stranger).expire(request.terms);
    await expect(expire)
      .to.emit(market, "RequestExpired")
      .withArgs(request.requestId, ZeroAddress, opg(10), 0);
    await expect(expire).to.not.emit(staking, "Slashed");
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(1_000));
    expect(await market.stateOf(request.requestId)).to.deep.equal([
      EXPIRED,
      REQUEST_OUTCOME.Expired,
      ZeroAddress,
      0n,
      0n,
    ]);
  });

  it("refunds a request that a node locked and did not serve, and slashes the node", async () => {
    const { market, feeEscrow, staking, operator, payer, keeper, governor, request, deadline } =
      await loadFixture(locked);
    await time.setNextBlockTimestamp(deadline + 1n);
    const expire = market.connect(keeper).expire(request.terms);
    await expect(expire)
      .to.emit(market, "RequestExpired")
      .withArgs(request.requestId, operator, opg(10), opg(50));
    // Ten to the payer, who lost an answer worth ten; a tenth of the rest to the keeper; what is left to the treasury.
    await expect(expire)
      .to.emit(staking, "Slashed")
      .withArgs(operator, payer, keeper, opg(50), 0, opg(10), opg(4), opg(36));
    expect(await staking.poolOf(operator)).to.deep.equal([opg(4_950), 0n]);
    expect(await market.freeCollateralOf(operator)).to.equal(0);
    await staking.handOn(payer);
    await staking.handOn(keeper);
    await staking.handOnTreasury();
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(1_010));
    expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(4));
    expect(await feeEscrow.balanceOf(governor)).to.equal(opg(36));
  });

  it("slashes up to the end of the claim window, and then frees the collateral", async () => {
    const { market, staking, operator, request, deadline } = await loadFixture(locked);
    await time.setNextBlockTimestamp(deadline + 604_801n);
    const expire = market.expire(request.terms);
    await expect(expire).to.not.emit(staking, "Slashed");
    await expect(expire)
      .to.emit(market, "RequestExpired")
      .withArgs(request.requestId, operator, opg(10), 0);
    expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
    await market.connect(operator).releaseCollateral(opg(50));
    expect(await staking.poolOf(operator)).to.deep.equal([opg(5_000), 0n]);
  });

  it("slashes in the last second of the claim window", async () => {
    const { market, staking, request, deadline } = await loadFixture(locked);
    await time.setNextBlockTimestamp(deadline + 604_800n);
    await expect(market.expire(request.terms)).to.emit(staking, "Slashed");
  });

  it("slashes nobody for a request without collateral", async () => {
    const context = await loadFixture(asked);
    const { market, staking, operator } = context;
    const { terms } = await ask(context, context.published, { collateral: 0n, salt: 7 });
    await market.connect(operator).lock(terms, operator);
    await time.increase(601);
    await expect(market.expire(terms)).to.not.emit(staking, "Slashed");
  });

  it("takes only the failed request's collateral from a busy node", async () => {
    const context = await loadFixture(locked);
    const { market, staking, published, operator, request } = context;
    const other = await ask(context, published, {
      collateral: opg(70),
      salt: 7,
      lockSeconds: 3_000,
    });
    await market.connect(operator).lock(other.terms, operator);
    await time.increase(601);
    await market.expire(request.terms);
    expect(await staking.collateralOf(operator, market)).to.equal(opg(70));
    expect(await staking.poolOf(operator)).to.deep.equal([opg(4_950), opg(70)]);
    const { output, evidence } = await answer(context, published, {
      ...other,
      node: operator.address,
    });
    await market.fulfil(other.terms, operator, output, evidence);
    expect(await market.freeCollateralOf(operator)).to.equal(opg(70));
  });

  it("waits for the expiry of an open request", async () => {
    const { market, request } = await loadFixture(asked);
    const { expiry } = request.terms;
    await time.setNextBlockTimestamp(expiry);
    await expect(market.expire(request.terms))
      .to.be.revertedWithCustomError(market, "InferenceMarketTooEarly")
      .withArgs(request.requestId, expiry, expiry);
  });

  it("waits for the deadline of a locked request, not for its expiry", async () => {
    const { market, request, deadline } = await loadFixture(locked);
    await time.setNextBlockTimestamp(deadline);
    await expect(market.expire(request.terms))
      .to.be.revertedWithCustomError(market, "InferenceMarketTooEarly")
      .withArgs(request.requestId, deadline, deadline);
    await time.setNextBlockTimestamp(deadline + 1n);
    await market.expire(request.terms);
  });

  it("happens once", async () => {
    const { market, request } = await loadFixture(asked);
    await time.setNextBlockTimestamp(request.terms.expiry + 1n);
    await market.expire(request.terms);
    await expect(market.expire(request.terms))
      .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
      .withArgs(request.requestId, EXPIRED);
  });

  it("refuses requests that were served", async () => {
    const context = await loadFixture(locked);
    const { market, published, operator, request } = context;
    const { output, evidence } = await answer(context, published, {
      ...request,
      node: operator.address,
    });
    await market.fulfil(request.terms, operator, output, evidence);
    await time.increase(10_000);
    await expect(market.expire(request.terms))
      .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
      .withArgs(request.requestId, FULFILLED);
  });

  it("refuses requests that were never made", async () => {
    const { market, feeEscrow, request } = await loadFixture(asked);
    const terms = { ...request.terms, salt: 99n };
    await time.setNextBlockTimestamp(terms.expiry + 1n);
    await expect(market.expire(terms))
      .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowNotLocked")
      .withArgs(market, await market.requestIdOf(terms));
  });

  it("finds the collateral even if the node left the registry and unstakes", async () => {
    const { market, staking, nodeRegistry, operator, request, deadline } =
      await loadFixture(locked);
    await nodeRegistry.connect(operator).exit();
    await staking.connect(operator).beginUnstake(operator, opg(4_950));
    await time.setNextBlockTimestamp(deadline + 1n);
    await market.expire(request.terms);
    // What is unbonding bears its part.
    expect(await staking.slashableOf(operator)).to.equal(opg(4_950));
    expect(await staking.poolOf(operator)).to.deep.equal([opg("49.5"), 0n]);
  });
});
