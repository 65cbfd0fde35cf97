import { REQUEST_OUTCOME, REQUEST_STATUS } from "../../sdk/request-status.ts";
import { expect } from "chai";
import { NODE_ROLES } from "../../sdk/tiers.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const { Locked: LOCKED } = REQUEST_STATUS;
const DAY = 86_400;
const ALLOTMENT = 30 * DAY;
const CLAIM_WINDOW = 7 * DAY;

/** When collateral expires that the market asked for in the last block. */
async function expiryOfAllotment(): Promise<number> {
  return (await time.latest()) + ALLOTMENT;
}

describe("InferenceMarket.lock", () => {
  async function asked() {
    const context = await runningMarket();
    return {
      ...context,
      market: context.inferenceMarket,
      request: await ask(context, context.published),
    };
  }

  it("reserves a request for a node and puts its collateral at risk", async () => {
    const { market, staking, operator, nodeSigner, request } = await loadFixture(asked);
    const lock = market.connect(nodeSigner).lock(request.terms, operator);
    await lock;
    const deadline = (await time.latest()) + 600;
    await expect(lock)
      .to.emit(market, "RequestLocked")
      .withArgs(request.requestId, operator, opg(50), deadline);
    await expect(lock)
      .to.emit(staking, "CollateralLocked")
      .withArgs(operator, market, opg(50), await expiryOfAllotment());
    expect(await market.stateOf(request.requestId)).to.deep.equal([
      LOCKED,
      REQUEST_OUTCOME.None,
      operator.address,
      BigInt(deadline),
      BigInt(deadline - 600),
    ]);
    expect(await market.isOpen(request.requestId)).to.equal(false);
    expect(await staking.poolOf(operator)).to.deep.equal([opg(5_000), opg(50)]);
    expect(await market.freeCollateralOf(operator)).to.equal(0);
  });

  it("can be done by the operator itself", async () => {
    const { market, operator, request } = await loadFixture(asked);
    await market.connect(operator).lock(request.terms, operator);
  });

  it("ends with the request's expiry if that comes first", async () => {
    const context = await loadFixture(asked);
    const { market, operator } = context;
    const { terms, requestId } = await ask(context, context.published, { lifetime: 60, salt: 7 });
    await market.connect(operator).lock(terms, operator);
    expect((await market.stateOf(requestId)).deadline).to.equal(terms.expiry);
  });

  it("is for the node's operator and signer", async () => {
    const { market, nodeRegistry, operator, otherOperator, stranger, request } =
      await loadFixture(asked);
    for (const caller of [stranger, otherOperator]) {
      await expect(market.connect(caller).lock(request.terms, operator))
        .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryNotSigner")
        .withArgs(operator, caller);
    }
    await expect(market.connect(stranger).lock(request.terms, stranger))
      .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryRoleMissing")
      .withArgs(stranger, NODE_ROLES.Inference);
  });

  it("keeps to what the node lets itself be owed by one request", async () => {
    const { market, feeEscrow, operator, nodeSigner, request } = await loadFixture(asked);
    await feeEscrow.connect(operator).setExposureLimits(0, opg(10) - 1n);
    await expect(market.connect(nodeSigner).lock(request.terms, operator))
      .to.be.revertedWithCustomError(market, "InferenceMarketOverExposure")
      .withArgs(operator, opg(10), opg(10) - 1n);
    await feeEscrow.connect(operator).setExposureLimits(0, opg(10));
    await market.connect(nodeSigner).lock(request.terms, operator);
  });

  it("happens once: the second of two racing nodes is refused", async () => {
    const { market, operator, otherOperator, request } = await loadFixture(asked);
    await market.connect(operator).lock(request.terms, operator);
    for (const node of [otherOperator, operator]) {
      await expect(market.connect(node).lock(request.terms, node))
        .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
        .withArgs(request.requestId, LOCKED);
    }
  });

  it("refuses requests that were never made", async () => {
    const { market, operator, request } = await loadFixture(asked);
    const terms = { ...request.terms, maxFee: opg(1_000) };
    await expect(market.connect(operator).lock(terms, operator))
      .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
      .withArgs(await market.requestIdOf(terms), 0);
  });

  it("is possible up to the expiry and not after", async () => {
    const { market, operator, request } = await loadFixture(asked);
    const { expiry } = request.terms;
    await time.setNextBlockTimestamp(expiry + 1n);
    await expect(market.connect(operator).lock(request.terms, operator))
      .to.be.revertedWithCustomError(market, "InferenceMarketTooLate")
      .withArgs(request.requestId, expiry + 1n, expiry);
  });

  it("is possible in the last second", async () => {
    const { market, operator, request } = await loadFixture(asked);
    await time.setNextBlockTimestamp(request.terms.expiry);
    await market.connect(operator).lock(request.terms, operator);
  });

  it("needs free stake for the collateral", async () => {
    const context = await loadFixture(asked);
    const { market, staking, operator } = context;
    const { terms } = await ask(context, context.published, { collateral: opg(5_001), salt: 7 });
    await expect(market.connect(operator).lock(terms, operator))
      .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
      .withArgs(operator, opg(5_000), opg(5_001));
  });

  it("needs none for a request without collateral", async () => {
    const context = await loadFixture(asked);
    const { market, staking, operator } = context;
    const { terms } = await ask(context, context.published, { collateral: 0n, salt: 7 });
    await market.connect(operator).lock(terms, operator);
    expect((await staking.poolOf(operator)).locked).to.equal(0);
  });

  it("refuses hashes of terms with dirty upper bits", async () => {
    const { market, operator, request } = await loadFixture(asked);
    const data = market.interface.encodeFunctionData("lock", [request.terms, operator.address]);
    // The payer is the third word; its upper twelve bytes are not part of an address.
    const dirty = `${data.slice(0, 10 + 64 * 2)}ff${data.slice(12 + 64 * 2)}`;
    await expect(
      operator.sendTransaction({ to: market, data: dirty }),
    ).to.be.revertedWithCustomError(market, "InferenceMarketNotOpen");
  });

  describe("collateral", () => {
    async function served() {
      const context = await asked();
      const { market, operator, published, request } = context;
      await market.connect(operator).lock(request.terms, operator);
      const { output, evidence } = await answer(context, published, {
        ...request,
        node: operator.address,
      });
      await market.connect(operator).fulfil(request.terms, operator, output, evidence);
      return context;
    }

    it("stays with the market after the request is served, and serves the next one", async () => {
      const context = await loadFixture(served);
      const { market, staking, operator } = context;
      expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
      const next = await ask(context, context.published, { collateral: opg(30), salt: 7 });
      await expect(market.connect(operator).lock(next.terms, operator)).to.not.emit(
        staking,
        "CollateralLocked",
      );
      expect(await market.freeCollateralOf(operator)).to.equal(opg(20));
      expect(await staking.collateralOf(operator, market)).to.equal(opg(50));
    });

    it("is taken from stake only as far as the market does not hold it", async () => {
      const context = await loadFixture(served);
      const { market, staking, operator } = context;
      const next = await ask(context, context.published, { collateral: opg(80), salt: 7 });
      const lock = market.connect(operator).lock(next.terms, operator);
      await lock;
      await expect(lock)
        .to.emit(staking, "CollateralLocked")
        .withArgs(operator, market, opg(30), await expiryOfAllotment());
      expect(await market.freeCollateralOf(operator)).to.equal(0);
      expect(await staking.collateralOf(operator, market)).to.equal(opg(80));
    });

    it("goes back to the stake when the node asks for it", async () => {
      const { market, staking, operator } = await loadFixture(served);
      await expect(market.connect(operator).releaseCollateral(opg(50)))
        .to.emit(staking, "CollateralUnlocked")
        .withArgs(operator, market, opg(50));
      expect(await staking.poolOf(operator)).to.deep.equal([opg(5_000), 0n]);
      await staking.connect(operator).beginUnstake(operator, opg(5_000));
    });

    it("is prolonged as soon as it would not outlast the claims against the next request", async () => {
      const context = await loadFixture(served);
      const { market, staking, operator } = context;
      const expiry = Number(await staking.collateralExpiryOf(operator, market));
      const lockSeconds = 600;
      await time.increaseTo(expiry - CLAIM_WINDOW - lockSeconds - 100);
      const first = await ask(context, context.published, { collateral: opg(1), salt: 7 });
      await time.setNextBlockTimestamp(expiry - CLAIM_WINDOW - lockSeconds);
      await expect(market.connect(operator).lock(first.terms, operator)).to.not.emit(
        staking,
        "CollateralLocked",
      );
      const second = await ask(context, context.published, { collateral: opg(1), salt: 8 });
      const lock = market.connect(operator).lock(second.terms, operator);
      await lock;
      await expect(lock)
        .to.emit(staking, "CollateralLocked")
        .withArgs(operator, market, 0, await expiryOfAllotment());
      expect(await market.freeCollateralOf(operator)).to.equal(opg(48));
      expect(await staking.collateralOf(operator, market)).to.equal(opg(50));
    });

    for (const isReclaimed of [false, true]) {
      it(`starts anew after it expired${isReclaimed ? " and was reclaimed" : ""}`, async () => {
        const context = await loadFixture(served);
        const { market, staking, operator } = context;
        const stale = await ask(context, context.published, { collateral: opg(20), salt: 7 });
        await market.connect(operator).lock(stale.terms, operator);
        await time.increaseTo((await staking.collateralExpiryOf(operator, market)) + 1n);
        expect(await market.freeCollateralOf(operator)).to.equal(0);
        if (isReclaimed) await staking.connect(operator).reclaim(operator, market);
        const next = await ask(context, context.published, { collateral: opg(40), salt: 8 });
        await market.connect(operator).lock(next.terms, operator);
        expect(await staking.collateralOf(operator, market)).to.equal(opg(40));
        // The claim of the old request is over: it neither takes nor frees what stands behind the new one.
        await expect(market.expire(stale.terms)).to.not.emit(staking, "Slashed");
        expect(await market.freeCollateralOf(operator)).to.equal(0);
        await time.increase(601);
        await expect(market.expire(next.terms)).to.emit(staking, "Slashed");
        expect(await staking.poolOf(operator)).to.deep.equal([opg(4_960), 0n]);
      });
    }

    it("does not go back while it is in use", async () => {
      const context = await loadFixture(served);
      const { market, operator, stranger } = context;
      const next = await ask(context, context.published, { collateral: opg(30), salt: 7 });
      await market.connect(operator).lock(next.terms, operator);
      await expect(market.connect(operator).releaseCollateral(opg(20) + 1n))
        .to.be.revertedWithCustomError(market, "CollateralAllotmentsInUse")
        .withArgs(operator, opg(20), opg(20) + 1n);
      await expect(market.connect(stranger).releaseCollateral(1))
        .to.be.revertedWithCustomError(market, "CollateralAllotmentsInUse")
        .withArgs(stranger, 0, 1);
    });
  });
});
