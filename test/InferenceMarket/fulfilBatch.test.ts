import { expect } from "chai";
import { concat, dataLength, dataSlice, id, ZeroAddress } from "ethers";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { at } from "../../zkml/arrays.ts";
import { HostileConsumer__factory } from "../../typechain-types/index.js";
import { flipped } from "../fixtures/bytes.ts";
import { runningMarket, type RunningMarket } from "../fixtures/market.ts";
import {
  answer,
  ask,
  publish,
  twinModel,
  type Answer,
  type OpenRequest,
  type RequestOptions,
} from "../fixtures/models.ts";
import { countCalls } from "../fixtures/traces.ts";
import { ethers, loadFixture, networkHelpers, time } from "../fixtures/network.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";

const { Fulfilled: FULFILLED, Expired: EXPIRED } = REQUEST_STATUS;
const CALLBACK_GAS = 500_000;

/** Precompile that checks pairings (EIP-197). */
const PAIRING = 8n;

/** `HostileConsumer.Behaviour`. */
const REVERT = 1;
const REENTER = 5;

type Fulfilment = Answer & Pick<OpenRequest, "terms" | "requestId"> & { node: string };

describe("InferenceMarket.fulfilBatch", () => {
  async function served(
    context: RunningMarket,
    options: RequestOptions,
    model = context.published,
  ): Promise<Fulfilment> {
    const node = context.operator.address;
    const request = await ask(context, model, options);
    return { ...request, node, ...(await answer(context, model, { ...request, node })) };
  }

  /** Three answers by one model, one by another that shares its setup. */
  async function fixture() {
    const context = await runningMarket();
    const twin = await publish(context, await twinModel(), { content: "0x02" });
    const consumer = await new HostileConsumer__factory(context.governor).deploy();
    const calling = { consumer: await consumer.getAddress(), callbackGas: CALLBACK_GAS };
    const items = [
      await served(context, { salt: 1 }),
      await served(context, { salt: 2, ...calling }),
      await served(context, { salt: 3 }),
      await served(context, { salt: 4 }, twin),
    ];
    return { ...context, market: context.inferenceMarket, consumer, calling, twin, items };
  }

  /** What became of each request, and why not. */
  async function outcome(
    { inferenceMarket: market, provider }: Fixture,
    items: readonly Fulfilment[],
  ) {
    const receipt = await (await market.fulfilBatch([...items])).wait();
    const skipped = await market.queryFilter(
      market.filters.FulfilmentSkipped(),
      receipt?.blockNumber,
    );
    const states = await Promise.all(items.map(({ requestId }) => market.stateOf(requestId)));
    return {
      gas: Number(receipt?.gasUsed),
      pairingChecks: await countCalls(provider, receipt, PAIRING),
      skipped: skipped.map(({ args }) => [args.requestId, args.reason]),
      isServed: states.map(({ status }) => status === FULFILLED),
    };
  }

  it("settles and pays all, also of models that share a setup", async () => {
    const context = await loadFixture(fixture);
    const { feeEscrow, operator, consumer, items } = context;
    const { skipped, isServed, pairingChecks } = await outcome(context, items);
    expect(pairingChecks).to.equal(1);
    expect(skipped).to.deep.equal([]);
    expect(isServed).to.deep.equal([true, true, true, true]);
    // Nine each, and ten for the twin, which has no royalty.
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(37));
    expect(await consumer.deliveries()).to.equal(1);
  });

  it("costs less than one by one", async () => {
    const context = await loadFixture(fixture);
    const { market, items } = context;
    let singly = 0n;
    for (const { terms, node, output, evidence } of items)
      singly += await market.fulfil.estimateGas(terms, node, output, evidence);
    const { gas } = await outcome(context, items);
    expect(gas).to.be.below(Number(singly) - 400_000);
  });

  it("skips a bad proof at any place, with the reason", async () => {
    for (let i = 0; i < 4; i++) {
      const context = await loadFixture(fixture);
      const { provenVerifier } = context;
      const items = context.items.with(i, {
        ...at(context.items, i),
        output: flipped(at(context.items, i).output, 0),
      });
      const { requestId } = at(items, i);
      const reason = provenVerifier.interface.encodeErrorResult("ProvenVerifierInvalidProof", [
        requestId,
      ]);
      const { skipped, isServed, pairingChecks } = await outcome(context, items);
      // All together in vain, then one by one.
      expect(pairingChecks).to.equal(5);
      expect(skipped).to.deep.equal([[requestId, reason]]);
      expect(isServed).to.deep.equal([0, 1, 2, 3].map((j) => j !== i));
    }
  });

  it("skips evidence that names no verifier, or none of this tier", async () => {
    const context = await loadFixture(fixture);
    const { verifierRouter, items } = context;
    const [a, b, c, d] = [at(items, 0), at(items, 1), at(items, 2), at(items, 3)];
    const { skipped, isServed } = await outcome(context, [
      { ...a, evidence: "0x0102" },
      { ...b, evidence: concat(["0x01020304", dataSlice(b.evidence, 4)]) },
      c,
      d,
    ]);
    expect(skipped).to.deep.equal([
      [a.requestId, verifierRouter.interface.encodeErrorResult("ProofKindMissing", [2])],
      [
        b.requestId,
        verifierRouter.interface.encodeErrorResult("VerifierRouterNoRoute", ["0x01020304"]),
      ],
    ]);
    expect(isServed).to.deep.equal([false, false, true, true]);
  });

  it("checks answers of another tier on their own, though all proofs hold together", async () => {
    const context = await loadFixture(fixture);
    const { verifierRouter, items } = context;
    const tiers = ["Proven", "Attested"] as const;
    const twice = await publish(context, await twinModel(), { content: "0x03", tiers });
    const attested = await served(context, { tier: "Attested", salt: 5 }, twice);
    const mixed = [at(items, 0), attested, at(items, 2)];
    const { skipped, isServed, pairingChecks } = await outcome(context, mixed);
    expect(pairingChecks).to.equal(1);
    const { requestId, evidence } = attested;
    const reason = verifierRouter.interface.encodeErrorResult("VerifierRouterWrongTier", [
      dataSlice(evidence, 0, 4),
      TIERS.Proven,
      TIERS.Attested,
    ]);
    expect(skipped).to.deep.equal([[requestId, reason]]);
    expect(isServed).to.deep.equal([true, false, true]);
  });

  it("does not take a verifier of one tier for the next answer's, of another", async () => {
    const context = await loadFixture(fixture);
    const { items } = context;
    const tiers = ["Proven", "Attested"] as const;
    const twice = await publish(context, await twinModel(), { content: "0x03", tiers });
    const attested = await served(context, { tier: "Attested", salt: 5 }, twice);
    // One proof alone is checked in its turn.
    const { isServed } = await outcome(context, [at(items, 0), attested]);
    expect(isServed).to.deep.equal([true, false]);
  });

  it("has each verifier check what is its own", async () => {
    const context = await loadFixture(fixture);
    const { verifierRouter, items } = context;
    const kind = id("another kind").slice(0, 10);
    const other = await ethers.deployContract("ProvenVerifier");
    await verifierRouter.openRoute(kind, TIERS.Proven, other);
    const [first, second] = [at(items, 0), at(items, 2)];
    const renamed = { ...second, evidence: concat([kind, dataSlice(second.evidence, 4)]) };
    // The first's verifier would find both proofs good, but it was not asked about the second.
    const { isServed, pairingChecks } = await outcome(context, [first, renamed]);
    expect(pairingChecks).to.equal(2);
    expect(isServed).to.deep.equal([true, true]);
  });

  it("skips what can no longer be served, though its proof holds", async () => {
    const context = await loadFixture(fixture);
    const { market, feeEscrow, otherOperator, operator, items } = context;
    const [settled, locked, open, twins] = [at(items, 0), at(items, 1), at(items, 2), at(items, 3)];
    await market.fulfil(settled.terms, operator, settled.output, settled.evidence);
    await market.connect(otherOperator).lock(locked.terms, otherOperator);
    const earned = await feeEscrow.earningsOf(operator);
    const { skipped, isServed } = await outcome(context, items);
    expect(skipped).to.deep.equal([
      [
        settled.requestId,
        market.interface.encodeErrorResult("InferenceMarketSettled", [
          settled.requestId,
          FULFILLED,
        ]),
      ],
      [
        locked.requestId,
        market.interface.encodeErrorResult("InferenceMarketLockedByOther", [
          locked.requestId,
          otherOperator.address,
          operator.address,
        ]),
      ],
    ]);
    expect(isServed).to.deep.equal([true, false, true, true]);
    expect(await feeEscrow.earningsOf(operator)).to.equal(earned + opg(19));

    await time.increaseTo(open.terms.expiry + 1n);
    await market.expire(locked.terms);
    const late = await outcome(context, [locked, twins]);
    expect(late.skipped.map(([requestId]) => requestId)).to.deep.equal([
      locked.requestId,
      twins.requestId,
    ]);
    expect((await market.stateOf(locked.requestId)).status).to.equal(EXPIRED);
  });

  it("skips requests that were never made, and pays nothing for them", async () => {
    const context = await loadFixture(fixture);
    const { market, feeEscrow, operator, items, published } = context;
    const real = at(items, 0);
    const terms = { ...real.terms, maxFee: opg(100) };
    const requestId = await market.requestIdOf(terms);
    const node = operator.address;
    const input = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
    const forged = await answer(context, published, { requestId, input, node });
    const items2 = [real, { terms, requestId, node, ...forged }];
    const { skipped, isServed, pairingChecks } = await outcome(context, items2);
    expect(pairingChecks).to.equal(1);
    expect(skipped.map(([skippedId]) => skippedId)).to.deep.equal([requestId]);
    expect(isServed).to.deep.equal([true, false]);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
  });

  it("settles one answer once, however often it is there", async () => {
    const context = await loadFixture(fixture);
    const { market, feeEscrow, operator, consumer, items } = context;
    const item = at(items, 1);
    const { skipped } = await outcome(context, [item, item, item]);
    const { requestId } = item;
    const reason = market.interface.encodeErrorResult("InferenceMarketSettled", [
      requestId,
      FULFILLED,
    ]);
    expect(skipped).to.deep.equal([
      [requestId, reason],
      [requestId, reason],
    ]);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
    expect(await consumer.deliveries()).to.equal(1);
  });

  it("takes one answer, and none", async () => {
    const context = await loadFixture(fixture);
    const { isServed } = await outcome(context, context.items.slice(0, 1));
    expect(isServed).to.deep.equal([true]);
    expect((await outcome(context, [])).skipped).to.deep.equal([]);
  });

  describe("callbacks", () => {
    it("come after all is settled, and can make the next batch", async () => {
      const context = await loadFixture(fixture);
      const { market, consumer, items } = context;
      // In the callback of the second, all are settled: a batch of the others skips them.
      const nested = market.interface.encodeFunctionData("fulfilBatch", [[at(items, 3)]]);
      await consumer.behave(REENTER, market, nested);
      const { skipped, isServed } = await outcome(context, items);
      expect(isServed).to.deep.equal([true, true, true, true]);
      expect(await consumer.reentered()).to.equal(true);
      expect(skipped.map(([requestId]) => requestId)).to.deep.equal([at(items, 3).requestId]);
    });

    it("that fail are recorded, and sink nothing", async () => {
      const context = await loadFixture(fixture);
      const { market, consumer, items } = context;
      await consumer.behave(REVERT, ZeroAddress, "0x");
      const { isServed } = await outcome(context, items);
      expect(isServed).to.deep.equal([true, true, true, true]);
      const pending = await market.pendingCallbackOf(at(items, 1).requestId);
      expect(dataLength(pending)).to.equal(32);
      expect(BigInt(pending)).not.to.equal(0n);
    });

    it("get the gas they were promised, or nothing is settled", async () => {
      const context = await loadFixture(fixture);
      const { market, items } = context;
      const enough = await market.fulfilBatch.estimateGas(items);
      const snapshot = await networkHelpers.takeSnapshot();
      const { gas } = await outcome(context, items);
      await snapshot.restore();
      expect(Number(enough)).to.be.above(gas + 300_000);
      // Enough for all but the promise to the consumer.
      await expect(
        market.fulfilBatch(items, { gasLimit: gas + 100_000 }),
      ).to.be.revertedWithCustomError(market, "BoundedCallInsufficientGas");
    });
  });
});
