import { expect } from "chai";
import { concat, id, Wallet } from "ethers";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { HostileConsumer__factory } from "../../typechain-types/index.js";
import { at } from "../../zkml/arrays.ts";
import {
  approvalOf,
  attest,
  attestedAnswer,
  attestedMarket,
  attestedStatementOn,
} from "../fixtures/attested.ts";
import { ask, type OpenRequest, type RequestOptions } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const { None: NONE, Fulfilled: FULFILLED } = REQUEST_STATUS;

describe("InferenceMarket in the Attested tier", () => {
  type Context = Awaited<ReturnType<typeof attestedMarket>>;

  const askAttested = (context: Context, options: RequestOptions = {}) =>
    ask(context, context.published, { tier: "Attested", ...options });

  async function locked() {
    const context = await attestedMarket();
    const { market, operator, nodeSigner } = context;
    const request = await askAttested(context);
    await market.connect(nodeSigner).lock(request.terms, operator);
    return { ...context, request };
  }

  it("pays a node that locked a request and whose enclave answered it, whoever brings that", async () => {
    const context = await loadFixture(locked);
    const { market, feeEscrow, operator, stranger, request, enclave } = context;
    const { output, evidence, node } = await attestedAnswer(context, request, { enclave });
    await expect(market.connect(stranger).fulfil(request.terms, node, output, evidence))
      .to.emit(market, "RequestFulfilled")
      .withArgs(request.requestId, node, output);
    expect((await market.stateOf(request.requestId)).status).to.equal(FULFILLED);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(10));
    expect(await feeEscrow.earningsOf(stranger)).to.equal(0);
    expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
  });

  it("pays a node that locked nothing, once", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, feeEscrow, operator, enclave } = context;
    const request = await askAttested(context);
    const { output, evidence, node } = await attestedAnswer(context, request, { enclave });
    await market.fulfil(request.terms, node, output, evidence);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(10));
    await expect(market.fulfil(request.terms, node, output, evidence))
      .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
      .withArgs(request.requestId, FULFILLED);
  });

  it("delivers the answer to whoever waits for it", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, governor, enclave } = context;
    const consumer = await new HostileConsumer__factory(governor).deploy();
    const request = await askAttested(context, {
      consumer: await consumer.getAddress(),
      callbackGas: 100_000,
    });
    const { output, evidence, node } = await attestedAnswer(context, request, { enclave });
    await expect(market.fulfil(request.terms, node, output, evidence)).to.emit(
      market,
      "CallbackDelivered",
    );
  });

  it("does not pay another node with its answer, even one that locked the request", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, registry, operator, otherOperator, enclave } = context;
    const request = await askAttested(context);
    await market.connect(otherOperator).lock(request.terms, otherOperator);
    const { output, evidence } = await attestedAnswer(context, request, {
      enclave,
      node: otherOperator.address,
    });
    await expect(market.fulfil(request.terms, otherOperator, output, evidence))
      .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongOperator")
      .withArgs(enclave, operator, otherOperator);
  });

  it("does not take a receipt of the Signed tier, nor one of its own for that tier", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, verifierRouter, published, enclave } = context;
    const request = await ask(context, published, { tier: "Signed" });
    const { output, evidence, node } = await attestedAnswer(context, request, { enclave });
    await expect(
      market.fulfil(request.terms, node, output, evidence),
    ).to.be.revertedWithCustomError(verifierRouter, "VerifierRouterWrongTier");
  });

  it("pays old receipts of a measurement that was revoked, and no new ones", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, registry, feeEscrow, operator, measurementId, enclave } = context;
    const requests = [
      await askAttested(context, { salt: 1 }),
      await askAttested(context, { salt: 2 }),
    ];
    const [old, late] = [at(requests, 0), at(requests, 1)];
    const before = await attestedAnswer(context, old, { enclave });
    await time.increase(100);
    const since = BigInt(await time.latest());
    await registry.revokeMeasurement(measurementId, since);
    await market.fulfil(old.terms, before.node, before.output, before.evidence);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(10));
    const statement = { ...attestedStatementOn(late), completedAt: since };
    const after = await attestedAnswer(context, late, { enclave, statement });
    await expect(
      market.fulfil(late.terms, after.node, after.output, after.evidence),
    ).to.be.revertedWithCustomError(registry, "MeasurementPolicyNotTrusted");
  });

  it("pays what a key signed before it was retired, and nothing that a revoked key signed", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, registry, operator, enclave } = context;
    const requests = [
      await askAttested(context, { salt: 1 }),
      await askAttested(context, { salt: 2 }),
    ];
    const answers = [
      await attestedAnswer(context, at(requests, 0), { enclave }),
      await attestedAnswer(context, at(requests, 1), { enclave }),
    ];
    await registry.connect(operator).retire(enclave);
    const [first, second] = [at(answers, 0), at(answers, 1)];
    await market.fulfil(at(requests, 0).terms, first.node, first.output, first.evidence);
    await time.increase(1);
    await registry.connect(operator).revoke(enclave);
    await expect(market.fulfil(at(requests, 1).terms, second.node, second.output, second.evidence))
      .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyRevoked")
      .withArgs(enclave);
  });

  it("does not pay for a new request with a key that is over and a clock that was put back", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, registry, attestedVerifier, enclave } = context;
    const { until } = await registry.enclave(enclave);
    await time.increaseTo(until + (await attestedVerifier.MAX_RECEIPT_AGE()));
    const request = await askAttested(context);
    const times = { startedAt: until - 1n, completedAt: until - 1n };
    const statement = { ...attestedStatementOn(request), ...times };
    const { output, evidence, node } = await attestedAnswer(context, request, {
      enclave,
      statement,
    });
    await expect(
      market.fulfil(request.terms, node, output, evidence),
    ).to.be.revertedWithCustomError(attestedVerifier, "AttestedVerifierTooOld");
  });

  it("takes answers for models that the code may answer for", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, registry, published } = context;
    const pcrs = concat([new Uint8Array(144).fill(9)]);
    await registry.approveMeasurement(approvalOf({ registers: pcrs, anyModel: false }));
    const measurementId = await registry.measurementIdOf(2, pcrs);
    const enclave = Wallet.createRandom();
    await attest(context, enclave, { pcrs });
    const request = await askAttested(context);
    const { output, evidence, node } = await attestedAnswer(context, request, { enclave });
    const { completedAt } = attestedStatementOn(request);
    await expect(market.fulfil(request.terms, node, output, evidence))
      .to.be.revertedWithCustomError(registry, "MeasurementPolicyModelNotAllowed")
      .withArgs(measurementId, published.modelId, completedAt);
    await registry.allowModel(measurementId, published.modelId, true);
    // The receipt is older than that; the next is not.
    const next = await askAttested(context, { salt: 1 });
    const answer = await attestedAnswer(context, next, { enclave });
    await market.fulfil(next.terms, node, answer.output, answer.evidence);
  });

  it("settles a batch, locked and not, and skips each bad item with its reason", async () => {
    const context = await loadFixture(attestedMarket);
    const { market, registry, feeEscrow, operator, nodeSigner, enclave } = context;
    const requests: OpenRequest[] = [];
    for (let salt = 0; salt < 4; salt++) requests.push(await askAttested(context, { salt }));
    await market.connect(nodeSigner).lock(at(requests, 0).terms, operator);
    const unknown = Wallet.createRandom();
    const items = [
      await attestedAnswer(context, at(requests, 0), { enclave }),
      await attestedAnswer(context, at(requests, 1), { enclave: unknown }),
      await attestedAnswer(context, at(requests, 2), { enclave, output: id("another output") }),
      await attestedAnswer(context, at(requests, 3), { enclave }),
    ].map((answer, i) => ({ ...answer, terms: at(requests, i).terms }));
    const cut = { ...at(items, 3), evidence: at(items, 3).evidence.slice(0, -2) };
    const transaction = market.fulfilBatch([...items.slice(0, 3), cut]);
    await expect(transaction)
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(
        at(requests, 1).requestId,
        registry.interface.encodeErrorResult("EnclaveRegistryKeyUnknown", [unknown.address]),
      );
    await expect(transaction)
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(
        at(requests, 3).requestId,
        context.attestedVerifier.interface.encodeErrorResult(
          "AttestedVerifierBadLength",
          [163, 164],
        ),
      );
    const states = [];
    for (const { requestId } of requests) states.push((await market.stateOf(requestId)).status);
    expect(states).to.deep.equal([FULFILLED, NONE, FULFILLED, NONE]);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(20));
  });
});
