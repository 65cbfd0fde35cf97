import { expect } from "chai";
import { id } from "ethers";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { BatchSettlement__factory } from "../../typechain-types/index.js";
import { at } from "../../zkml/arrays.ts";
import { ask } from "../fixtures/models.ts";
import { loadFixture } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";
import { signedAnswer, signedMarket } from "../fixtures/signed.ts";

const { None: NONE, Locked: LOCKED, Fulfilled: FULFILLED } = REQUEST_STATUS;

describe("InferenceMarket in the Signed tier", () => {
  async function locked() {
    const context = await signedMarket();
    const { market, published, operator, nodeSigner } = context;
    const request = await ask(context, published, { tier: "Signed" });
    await market.connect(nodeSigner).lock(request.terms, operator);
    return { ...context, request };
  }

  it("pays a node that locked a request and signed its answer", async () => {
    const context = await loadFixture(locked);
    const { market, feeEscrow, operator, payer, request } = context;
    const before = await feeEscrow.balanceOf(payer);
    const { output, evidence, node } = await signedAnswer(context, request);
    await expect(market.fulfil(request.terms, node, output, evidence))
      .to.emit(market, "RequestFulfilled")
      .withArgs(request.requestId, node, output);
    expect((await market.stateOf(request.requestId)).status).to.equal(FULFILLED);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(10));
    expect(await feeEscrow.balanceOf(payer)).to.equal(before);
    expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
  });

  it("pays a node once for one receipt", async () => {
    const context = await loadFixture(locked);
    const { market, request } = context;
    const { output, evidence, node } = await signedAnswer(context, request);
    await market.fulfil(request.terms, node, output, evidence);
    await expect(market.fulfil(request.terms, node, output, evidence))
      .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
      .withArgs(request.requestId, FULFILLED);
  });

  it("does not take a receipt for another request with the same input", async () => {
    const context = await loadFixture(locked);
    const { market, signedVerifier, published, nodeSigner, request } = context;
    const other = await ask(context, published, { tier: "Signed", salt: 1 });
    const { output, evidence, node } = await signedAnswer(context, request);
    await expect(market.fulfil(other.terms, node, output, evidence))
      .to.be.revertedWithCustomError(signedVerifier, "SignedVerifierBadSignature")
      .withArgs(other.requestId, nodeSigner.address);
  });

  it("settles a batch, and skips the item with a bad signature", async () => {
    const context = await loadFixture(signedMarket);
    const { market, signedVerifier, feeEscrow, published } = context;
    const { operator, nodeSigner, otherOperator } = context;
    const requests = [
      await ask(context, published, { tier: "Signed", salt: 1 }),
      await ask(context, published, { tier: "Signed", salt: 2 }),
      await ask(context, published, { tier: "Signed", salt: 3 }),
    ];
    const answers = [
      await signedAnswer(context, at(requests, 0)),
      // Another node's signature.
      await signedAnswer(context, at(requests, 1), { signer: otherOperator }),
      await signedAnswer(context, at(requests, 2), { output: id("another output") }),
    ];
    const items = answers.map((answer, i) => ({ ...answer, terms: at(requests, i).terms }));
    const { requestId } = at(requests, 1);
    await expect(market.fulfilBatch(items))
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(
        requestId,
        signedVerifier.interface.encodeErrorResult("SignedVerifierBadSignature", [
          requestId,
          nodeSigner.address,
        ]),
      );
    const states = await Promise.all(
      requests.map(async (request) => (await market.stateOf(request.requestId)).status),
    );
    expect(states).to.deep.equal([FULFILLED, NONE, FULFILLED]);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(20));
  });

  it("settles a batch of two nodes' answers in any order, and frees the collateral of each", async () => {
    const context = await loadFixture(signedMarket);
    const { market, feeEscrow, published, operator, otherOperator, nodeSigner } = context;
    const nodes = [operator, otherOperator, otherOperator, operator, operator];
    const items = [];
    for (const [salt, node] of nodes.entries()) {
      const request = await ask(context, published, { tier: "Signed", salt });
      const signer = node === operator ? nodeSigner : otherOperator;
      await market.connect(signer).lock(request.terms, node);
      const answer = await signedAnswer(context, request, { node: node.address, signer });
      items.push({ ...answer, terms: request.terms });
    }
    const { served } = await market.priceState();
    await market.fulfilBatch(items);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(30));
    expect(await feeEscrow.earningsOf(otherOperator)).to.equal(opg(20));
    expect(await market.freeCollateralOf(operator)).to.equal(opg(150));
    expect(await market.freeCollateralOf(otherOperator)).to.equal(opg(100));
    const work = items.reduce((sum, { terms }) => sum + terms.work, 0n);
    expect((await market.priceState()).served).to.equal(served + work);
  });

  it("asks for the verifier again when neighbours in a batch are of other tiers", async () => {
    const context = await loadFixture(signedMarket);
    const { market, verifierRouter, published } = context;
    const first = await ask(context, published, { tier: "Signed", salt: 1 });
    const second = await ask(context, published, { tier: "Signed", salt: 2 });
    const good = { ...(await signedAnswer(context, first)), terms: first.terms };
    const bad = { ...good, terms: second.terms, evidence: "0x01020304" };
    const unrouted = verifierRouter.interface.encodeErrorResult("VerifierRouterNoRoute", [
      bad.evidence,
    ]);
    await expect(market.fulfilBatch([bad, good, bad]))
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(second.requestId, unrouted);
    expect((await market.stateOf(first.requestId)).status).to.equal(FULFILLED);
    expect((await market.stateOf(second.requestId)).status).to.equal(NONE);
  });

  it("does nothing for an empty batch, and nothing where a batch is brought to its code", async () => {
    const context = await loadFixture(locked);
    const { market, operator, request, feeEscrow } = context;
    await expect(market.fulfilBatch([])).not.to.emit(market, "FulfilmentSkipped");
    const code = BatchSettlement__factory.connect(await market.BATCH_SETTLEMENT(), operator);
    const item = { ...(await signedAnswer(context, request)), terms: request.terms };
    // Its own book is empty: there, the request has another id, and no money.
    await expect(code.fulfilBatch([item])).to.emit(
      market.attach(await code.getAddress()),
      "FulfilmentSkipped",
    );
    expect(await feeEscrow.earningsOf(operator)).to.equal(0);
    expect((await market.stateOf(request.requestId)).status).to.equal(LOCKED);
  });
});
