import { expect } from "chai";
import { id } from "ethers";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { at } from "../../zkml/arrays.ts";
import { ask } from "../fixtures/models.ts";
import { loadFixture } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";
import { signedAnswer, signedMarket } from "../fixtures/signed.ts";

const { None: NONE, Fulfilled: FULFILLED } = REQUEST_STATUS;

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
});
