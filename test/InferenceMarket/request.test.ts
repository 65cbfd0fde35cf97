import { expect } from "chai";
import { keccak256, ZeroAddress, ZeroHash } from "ethers";
import { requestId as computeRequestId } from "../../sdk/request.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { runningMarket } from "../fixtures/market.ts";
import { ask, INPUT, parametersOf } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg, PARAMETERS } from "../fixtures/protocol.ts";

describe("InferenceMarket.request", () => {
  async function fixture() {
    const context = await runningMarket();
    const market = context.inferenceMarket.connect(context.payer);
    return { ...context, market, modelId: context.published.modelId };
  }

  it("locks the fee and announces the terms with the input", async () => {
    const { market, feeEscrow, payer, modelId, published, deployment } = await loadFixture(fixture);
    const parameters = await parametersOf(modelId, { rampSeconds: 900 });
    const terms = {
      ...parameters,
      tier: BigInt(parameters.tier),
      callbackGas: 0n,
      // One compute unit, proved; twelve bytes in and twelve out.
      work: 1_024n,
      minFee: opg(1) + 1_024n * PARAMETERS.priceRules.floor,
      rampStart: BigInt(parameters.expiry) - 3_000n,
      rampSeconds: 900n,
      expiry: BigInt(parameters.expiry),
      lockSeconds: 600n,
      salt: 0n,
      payer: payer.address,
      inputHash: keccak256(INPUT),
      royalty: opg(1),
    };
    const id = computeRequestId(terms, {
      chainId: deployment.chainId,
      market: deployment.addresses.inferenceMarket,
    });
    await time.setNextBlockTimestamp(terms.rampStart);
    await expect(market.request(parameters, INPUT))
      .to.emit(market, "InferenceRequested")
      .withArgs(
        id,
        published.modelId,
        payer,
        [
          modelId,
          TIERS.Proven,
          payer.address,
          ZeroAddress,
          0,
          terms.inputHash,
          terms.work,
          opg(10),
          terms.minFee,
          opg(1),
          opg(50),
          terms.rampStart,
          900,
          terms.expiry,
          600,
          0,
        ],
        `0x${Buffer.from(INPUT).toString("hex")}`,
      );
    expect(await market.requestIdOf(terms)).to.equal(id);
    expect(await market.isOpen(id)).to.equal(true);
    expect(await market.stateOf(id)).to.deep.equal([0n, 0n, ZeroAddress, 0n, 0n]);
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(990));
    expect(await feeEscrow.lockOf(market, id)).to.deep.equal([payer.address, opg(10)]);
  });

  it("is not mistaken for another request, whatever of its terms differs", async () => {
    const { market, terms } = await loadFixture(async function asked() {
      const context = await fixture();
      return { ...context, ...(await ask(context, context.published)) };
    });
    const variants = [
      terms,
      { ...terms, modelId: ZeroHash },
      { ...terms, tier: 2n },
      { ...terms, payer: ZeroAddress },
      { ...terms, consumer: terms.payer },
      { ...terms, callbackGas: 1n },
      { ...terms, inputHash: ZeroHash },
      { ...terms, work: terms.work + 1n },
      { ...terms, maxFee: terms.maxFee + 1n },
      { ...terms, minFee: terms.minFee + 1n },
      { ...terms, royalty: terms.royalty + 1n },
      { ...terms, collateral: terms.collateral + 1n },
      { ...terms, rampStart: terms.rampStart + 1n },
      { ...terms, rampSeconds: terms.rampSeconds + 1n },
      { ...terms, expiry: terms.expiry + 1n },
      { ...terms, lockSeconds: terms.lockSeconds + 1n },
      { ...terms, salt: terms.salt + 1n },
    ];
    const ids = await Promise.all(variants.map((variant) => market.requestIdOf(variant)));
    expect(new Set(ids).size).to.equal(variants.length);
  });

  it("fixes the royalty that the model has now", async () => {
    const context = await loadFixture(fixture);
    const { modelRegistry, publisher, modelId } = context;
    const before = await ask(context, context.published, { salt: 1 });
    await modelRegistry.connect(publisher).setPricing(modelId, 1, opg(4));
    const after = await ask(context, context.published, { salt: 2 });
    expect([before.terms.royalty, after.terms.royalty]).to.deep.equal([opg(1), opg(4)]);
  });

  it("makes another request of the same parameters in another second", async () => {
    const { market, modelId } = await loadFixture(fixture);
    const parameters = await parametersOf(modelId);
    await market.request(parameters, INPUT);
    await market.request(parameters, INPUT);
    const events = await market.queryFilter(market.filters.InferenceRequested());
    const [first, second] = events.map(({ args }) => args);
    expect(first?.requestId).to.not.equal(second?.requestId);
    expect(first?.request.rampStart).to.be.below(second?.request.rampStart ?? 0n);
  });

  it("refuses less than the price of the work and the royalty, and takes exactly that", async () => {
    const { market, modelRegistry, publisher, modelId } = await loadFixture(fixture);
    const least = opg(1) + 1_024n * PARAMETERS.priceRules.floor;
    expect(await market.priceOf(modelId, TIERS.Proven, 12)).to.deep.equal([1_024n, least]);
    await expect(market.request(await parametersOf(modelId, { maxFee: least - 1n }), INPUT))
      .to.be.revertedWithCustomError(market, "InferenceMarketFeeTooLow")
      .withArgs(least - 1n, least);
    await market.request(await parametersOf(modelId, { maxFee: least }), INPUT);
    await modelRegistry.connect(publisher).setPricing(modelId, 2n ** 64n - 1n, 2n ** 96n - 1n);
    const most = (2n ** 64n - 1n) * 1_000n * PARAMETERS.priceRules.floor;
    await expect(market.request(await parametersOf(modelId, { maxFee: 2n ** 96n - 1n }), INPUT))
      .to.be.revertedWithCustomError(market, "InferenceMarketFeeTooLow")
      .withArgs(2n ** 96n - 1n, 2n ** 96n - 1n + most + 24n * PARAMETERS.priceRules.floor);
  });

  it("refuses a fee of nothing even where the work costs nothing", async () => {
    const { market, modelRegistry, feePolicy, feeEscrow, publisher, modelId } =
      await loadFixture(fixture);
    const { multipliers } = PARAMETERS.workRates;
    await feePolicy.setWorkRates({ multipliers, inputRate: 0, outputRate: 0 });
    await modelRegistry.connect(publisher).setPricing(modelId, 0, 0);
    await expect(
      market.request(await parametersOf(modelId, { maxFee: 0n }), INPUT),
    ).to.be.revertedWithCustomError(feeEscrow, "FeeEscrowZeroAmount");
  });

  it("refuses an input of the wrong length", async () => {
    const { market, modelId } = await loadFixture(fixture);
    for (const size of [0, 11, 13]) {
      await expect(market.request(await parametersOf(modelId), new Uint8Array(size)))
        .to.be.revertedWithCustomError(market, "InferenceMarketBadInputSize")
        .withArgs(size, 12, 1);
    }
  });

  it("refuses expiries in the past and beyond a week", async () => {
    const { market, modelId } = await loadFixture(fixture);
    const parameters = await parametersOf(modelId);
    const now = (await time.latest()) + 10;
    const week = 7 * 86_400;
    for (const expiry of [0, now, now + week + 1]) {
      await time.setNextBlockTimestamp(now);
      await expect(
        market.request.staticCall({ ...parameters, expiry }, INPUT, { blockTag: "pending" }),
      )
        .to.be.revertedWithCustomError(market, "InferenceMarketBadExpiry")
        .withArgs(expiry, now + 1, now + week);
    }
  });

  it("refuses locks of no time, or of more than a day", async () => {
    const { market, modelId } = await loadFixture(fixture);
    for (const lockSeconds of [0, 86_401]) {
      await expect(market.request(await parametersOf(modelId, { lockSeconds }), INPUT))
        .to.be.revertedWithCustomError(market, "InferenceMarketBadLockPeriod")
        .withArgs(lockSeconds, 86_400);
    }
  });

  it("refuses a consumer without gas, gas without a consumer, and more gas than a callback may have", async () => {
    const { market, modelId, stranger } = await loadFixture(fixture);
    for (const [consumer, callbackGas] of [
      [stranger.address, 0],
      [ZeroAddress, 1],
      [stranger.address, 5_000_001],
    ] as const) {
      await expect(market.request(await parametersOf(modelId, { consumer, callbackGas }), INPUT))
        .to.be.revertedWithCustomError(market, "InferenceMarketBadCallback")
        .withArgs(consumer, callbackGas, 5_000_000);
    }
  });

  it("refuses models that are unknown, retired, or not offered in the tier", async () => {
    const { market, modelRegistry, publisher, modelId } = await loadFixture(fixture);
    await expect(market.request(await parametersOf(ZeroHash), INPUT))
      .to.be.revertedWithCustomError(modelRegistry, "ModelRegistryUnknownModel")
      .withArgs(ZeroHash);
    await expect(market.request({ ...(await parametersOf(modelId)), tier: TIERS.Signed }, INPUT))
      .to.be.revertedWithCustomError(modelRegistry, "ModelRegistryTierNotOffered")
      .withArgs(modelId, TIERS.Signed);
    await modelRegistry.connect(publisher).retire(modelId);
    await expect(market.request(await parametersOf(modelId), INPUT))
      .to.be.revertedWithCustomError(modelRegistry, "ModelRegistryRetired")
      .withArgs(modelId);
  });

  it("refuses payers who have no money, or did not authorise the market", async () => {
    const { market, feeEscrow, inferenceMarket, payer, stranger, modelId } =
      await loadFixture(fixture);
    await expect(market.request(await parametersOf(modelId, { maxFee: opg(1_001) }), INPUT))
      .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowInsufficientBalance")
      .withArgs(payer, opg(1_000), opg(1_001));
    await expect(inferenceMarket.connect(stranger).request(await parametersOf(modelId), INPUT))
      .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowLockerNotAuthorized")
      .withArgs(stranger, market, ZeroAddress);
  });
});
