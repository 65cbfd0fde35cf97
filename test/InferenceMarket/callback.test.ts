import { expect } from "chai";
import { dataLength, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, INPUT, parametersOf, type OpenRequest } from "../fixtures/models.ts";
import { ethers, loadFixture } from "../fixtures/network.ts";

/** `HostileConsumer.Behaviour`. */
const BEHAVIOUR = {
  Accept: 0,
  Revert: 1,
  BurnGas: 2,
  ReturnBomb: 3,
  RevertBomb: 4,
  Reenter: 5,
} as const;

const CALLBACK_GAS = 500_000;

describe("InferenceMarket callbacks", () => {
  async function fixture() {
    const context = await runningMarket();
    const { inferenceMarket: market, published, operator, governor } = context;
    const consumer = await ethers.deployContract("HostileConsumer", governor);
    const request = await ask(context, published, {
      consumer: await consumer.getAddress(),
      callbackGas: CALLBACK_GAS,
    });
    const proved = await answer(context, published, { ...request, node: operator.address });
    const fulfil = (overrides: { gasLimit?: number } = {}) =>
      market
        .connect(operator)
        .fulfil(request.terms, operator, proved.output, proved.evidence, overrides);
    return { ...context, market, consumer, request, ...proved, fulfil };
  }

  /** A request whose first delivery failed. */
  async function failed() {
    const context = await fixture();
    await context.consumer.behave(BEHAVIOUR.Revert, ZeroAddress, "0x");
    await context.fulfil();
    return context;
  }

  it("deliver the output", async () => {
    const { market, consumer, request, fulfil } = await loadFixture(fixture);
    await expect(fulfil())
      .to.emit(market, "CallbackDelivered")
      .withArgs(request.requestId, consumer);
    expect(await consumer.deliveries()).to.equal(1);
    expect(await market.pendingCallbackOf(request.requestId)).to.equal(ZeroHash);
  });

  it("pass over consumers that have no code", async () => {
    const context = await loadFixture(fixture);
    const { market, published, operator, stranger } = context;
    const request = await ask(context, published, {
      consumer: stranger.address,
      callbackGas: 1,
      salt: 3,
    });
    const { output, evidence } = await answer(context, published, {
      ...request,
      node: operator.address,
    });
    await expect(market.fulfil(request.terms, operator, output, evidence)).to.emit(
      market,
      "CallbackDelivered",
    );
  });

  for (const behaviour of ["Revert", "BurnGas", "RevertBomb"] as const) {
    it(`do not block settlement when the consumer does ${behaviour}`, async () => {
      const { market, feeEscrow, consumer, operator, request, output, fulfil } =
        await loadFixture(fixture);
      await consumer.behave(BEHAVIOUR[behaviour], ZeroAddress, "0x");
      const receipt = await (await fulfil()).wait();
      const [event] = await market.queryFilter(market.filters.CallbackFailed());
      expect(event?.args.requestId).to.equal(request.requestId);
      expect(dataLength(event?.args.reason ?? "0x")).to.be.at.most(4096);
      expect(await feeEscrow.earningsOf(operator)).to.be.above(0);
      expect(await market.pendingCallbackOf(request.requestId)).to.equal(keccak256(output));
      // Whatever the consumer does, it costs no more than it was promised.
      expect(receipt?.gasUsed).to.be.below(480_000 + CALLBACK_GAS);
    });
  }

  it("take a return bomb for success without copying it", async () => {
    const { market, consumer, fulfil } = await loadFixture(fixture);
    await consumer.behave(BEHAVIOUR.ReturnBomb, ZeroAddress, "0x");
    const receipt = await (await fulfil()).wait();
    expect(await market.queryFilter(market.filters.CallbackDelivered())).to.have.length(1);
    expect(receipt?.gasUsed).to.be.below(480_000 + CALLBACK_GAS);
  });

  it("cannot be starved by a node that brings too little gas", async () => {
    const { market, consumer, request, fulfil } = await loadFixture(fixture);
    // Enough for the settlement and for a consumer that fails, not for what was promised.
    await expect(fulfil({ gasLimit: 700_000 })).to.be.revertedWithCustomError(
      market,
      "BoundedCallInsufficientGas",
    );
    expect(await consumer.deliveries()).to.equal(0);
    expect((await market.stateOf(request.requestId)).status).to.equal(0);
  });

  describe("that re-enter", () => {
    async function reentering(call: (context: Awaited<ReturnType<typeof fixture>>) => string) {
      const context = await fixture();
      await context.consumer.behave(BEHAVIOUR.Reenter, context.market, call(context));
      await context.fulfil();
      return context;
    }

    it("cannot settle the request again", async () => {
      const { market, consumer, feeEscrow, operator } = await reentering(
        ({ market, operator, request, output, evidence }) =>
          market.interface.encodeFunctionData("fulfil", [
            request.terms,
            operator.address,
            output,
            evidence,
          ]),
      );
      expect(await consumer.deliveries()).to.equal(1);
      expect(await consumer.reentered()).to.equal(false);
      expect((await consumer.returned()).slice(0, 10)).to.equal(
        market.interface.getError("InferenceMarketSettled")?.selector,
      );
      expect(await feeEscrow.earningsOf(operator)).to.equal(9n * 10n ** 18n);
    });

    it("cannot expire the request", async () => {
      const { consumer } = await reentering(({ market, request }) =>
        market.interface.encodeFunctionData("expire", [request.terms]),
      );
      expect(await consumer.reentered()).to.equal(false);
    });

    it("cannot have the output delivered again", async () => {
      const { consumer } = await reentering(({ market, request, output }) =>
        market.interface.encodeFunctionData("retryCallback", [request.terms, output, CALLBACK_GAS]),
      );
      expect(await consumer.deliveries()).to.equal(1);
      expect(await consumer.reentered()).to.equal(false);
    });

    it("may ask the next question right away", async () => {
      const context = await fixture();
      const { market, feeEscrow, consumer, payer, published, fulfil } = context;
      await feeEscrow.connect(payer).deposit(consumer, 10n ** 20n);
      await consumer.behave(
        BEHAVIOUR.Reenter,
        feeEscrow,
        feeEscrow.interface.encodeFunctionData("authorizeLocker", [await market.getAddress()]),
      );
      await consumer.onInference(ZeroHash, "0x");
      const parameters = await parametersOf(published.modelId, { salt: 11 });
      await consumer.behave(
        BEHAVIOUR.Reenter,
        market,
        market.interface.encodeFunctionData("request", [parameters, INPUT]),
      );
      await fulfil();
      expect(await consumer.reentered()).to.equal(true);
      const [, asked] = await market.queryFilter(market.filters.InferenceRequested());
      expect(asked?.args.payer).to.equal(await consumer.getAddress());
    });
  });

  describe("retryCallback", () => {
    it("delivers after a failure, whoever calls, and once", async () => {
      const { market, consumer, request, output, stranger } = await loadFixture(failed);
      await consumer.behave(BEHAVIOUR.Accept, ZeroAddress, "0x");
      const retry = () =>
        market.connect(stranger).retryCallback(request.terms, output, CALLBACK_GAS);
      await expect(retry())
        .to.emit(market, "CallbackDelivered")
        .withArgs(request.requestId, consumer);
      expect(await consumer.deliveries()).to.equal(1);
      await expect(retry())
        .to.be.revertedWithCustomError(market, "InferenceMarketNoPendingCallback")
        .withArgs(request.requestId);
    });

    it("stays possible while it fails", async () => {
      const { market, request, output } = await loadFixture(failed);
      await expect(market.retryCallback(request.terms, output, CALLBACK_GAS)).to.emit(
        market,
        "CallbackFailed",
      );
      expect(await market.pendingCallbackOf(request.requestId)).to.equal(keccak256(output));
    });

    it("delivers only what was proved", async () => {
      const { market, request } = await loadFixture(failed);
      await expect(market.retryCallback(request.terms, "0x1234", CALLBACK_GAS))
        .to.be.revertedWithCustomError(market, "InferenceMarketNoPendingCallback")
        .withArgs(request.requestId);
    });

    it("needs as much gas as was promised, and may bring more", async () => {
      const { market, consumer, request, output } = await loadFixture(failed);
      await expect(market.retryCallback(request.terms, output, CALLBACK_GAS - 1))
        .to.be.revertedWithCustomError(market, "InferenceMarketCallbackGasTooLow")
        .withArgs(CALLBACK_GAS - 1, CALLBACK_GAS);
      await consumer.behave(BEHAVIOUR.Accept, ZeroAddress, "0x");
      await market.retryCallback(request.terms, output, 4 * CALLBACK_GAS);
    });

    it("is not for requests that were delivered, or have no consumer", async () => {
      const context = await loadFixture(fixture);
      const { market, published, operator, request, output, fulfil } = context;
      await fulfil();
      const silent: OpenRequest = await ask(context, published, { salt: 5 });
      const proved = await answer(context, published, { ...silent, node: operator.address });
      await market.fulfil(silent.terms, operator, proved.output, proved.evidence);
      for (const [terms, bytes] of [
        [request.terms, output],
        [silent.terms, proved.output],
      ] as const) {
        await expect(
          market.retryCallback(terms, bytes, CALLBACK_GAS),
        ).to.be.revertedWithCustomError(market, "InferenceMarketNoPendingCallback");
      }
    });
  });
});
