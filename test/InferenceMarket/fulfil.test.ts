import { expect } from "chai";
import { concat, dataSlice, getBytes, ZeroAddress } from "ethers";
import { REQUEST_OUTCOME, REQUEST_STATUS } from "../../sdk/request-status.ts";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { NODE_ROLES, TIERS } from "../../sdk/tiers.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, INPUT } from "../fixtures/models.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const { Fulfilled: FULFILLED, Expired: EXPIRED } = REQUEST_STATUS;

describe("InferenceMarket.fulfil", () => {
  async function asked() {
    const context = await runningMarket();
    const { inferenceMarket: market, published, operator } = context;
    const request = await ask(context, published);
    return {
      ...context,
      market,
      request,
      ...(await answer(context, published, { ...request, node: operator.address })),
    };
  }

  async function locked() {
    const context = await asked();
    await context.market.connect(context.operator).lock(context.request.terms, context.operator);
    return context;
  }

  it("pays node and model, and remembers who served", async () => {
    const { market, feeEscrow, operator, nodeSigner, published, request, output, evidence } =
      await loadFixture(locked);
    const { requestId, terms } = request;
    const fulfil = market.connect(nodeSigner).fulfil(terms, operator, output, evidence);
    await expect(fulfil).to.emit(market, "RequestFulfilled").withArgs(requestId, operator, output);
    await expect(fulfil)
      .to.emit(feeEscrow, "FeeReleased")
      .withArgs(market, requestId, operator, opg(9), opg(1), 0);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
    expect(await feeEscrow.royaltiesOf(published.modelId)).to.equal(opg(1));
    expect(await feeEscrow.lockOf(market, requestId)).to.deep.equal([ZeroAddress, 0n]);
    expect(await market.stateOf(requestId)).to.deep.equal([
      FULFILLED,
      REQUEST_OUTCOME.Served,
      operator.address,
      0n,
      0n,
    ]);
    expect(await market.isOpen(requestId)).to.equal(false);
  });

  it("needs no lock: the first proof of a registered node wins", async () => {
    const context = await loadFixture(asked);
    const { market, feeEscrow, operator, otherOperator, published, request, output, evidence } =
      context;
    const rival = await answer(context, published, { ...request, node: otherOperator.address });
    await market.fulfil(request.terms, operator, output, evidence);
    await expect(market.fulfil(request.terms, otherOperator, rival.output, rival.evidence))
      .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
      .withArgs(request.requestId, FULFILLED);
    expect(await feeEscrow.earningsOf(otherOperator)).to.equal(0);
  });

  it("may be brought by anyone, and still pays the node", async () => {
    const { market, feeEscrow, operator, stranger, request, output, evidence } =
      await loadFixture(locked);
    await market.connect(stranger).fulfil(request.terms, operator, output, evidence);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
    expect(await feeEscrow.earningsOf(stranger)).to.equal(0);
  });

  describe("refuses", () => {
    it("a proof copied from the mempool by another node", async () => {
      const { market, provenVerifier, otherOperator, request, output, evidence } =
        await loadFixture(asked);
      await expect(
        market.connect(otherOperator).fulfil(request.terms, otherOperator, output, evidence),
      )
        .to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof")
        .withArgs(request.requestId);
    });

    it("a proof for another request, even with equal input", async () => {
      const context = await loadFixture(asked);
      const { market, provenVerifier, published, operator, output, evidence } = context;
      const other = await ask(context, published, { salt: 9 });
      await expect(market.fulfil(other.terms, operator, output, evidence))
        .to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof")
        .withArgs(other.requestId);
    });

    it("a proof for other input", async () => {
      const context = await loadFixture(asked);
      const { market, provenVerifier, published, operator, request } = context;
      const input = Uint8Array.from(INPUT).reverse();
      const other = await answer(context, published, {
        requestId: request.requestId,
        input,
        node: operator.address,
      });
      await expect(
        market.fulfil(request.terms, operator, other.output, other.evidence),
      ).to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierWrongInput");
    });

    it("other output than was proved", async () => {
      const { market, provenVerifier, operator, request, output, evidence } =
        await loadFixture(asked);
      const forged = getBytes(output);
      forged[0] = (forged[0] ?? 0) ^ 1;
      await expect(
        market.fulfil(request.terms, operator, forged, evidence),
      ).to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof");
    });

    it("a proof for another market or another chain", async () => {
      const context = await loadFixture(asked);
      const { market, provenVerifier, published, operator, stranger, request } = context;
      for (const bend of [{ market: stranger.address }, { chainId: 1n }]) {
        const bent = await answer(context, published, {
          ...request,
          node: operator.address,
          ...bend,
        });
        await expect(
          market.fulfil(request.terms, operator, bent.output, bent.evidence),
        ).to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof");
      }
    });

    it("evidence of an unknown kind, of another tier, or of none", async () => {
      const context = await loadFixture(asked);
      const { market, verifierRouter, provenVerifier, operator, request, output, evidence } =
        context;
      await expect(
        market.fulfil(
          request.terms,
          operator,
          output,
          concat(["0x01020304", dataSlice(evidence, 4)]),
        ),
      )
        .to.be.revertedWithCustomError(verifierRouter, "VerifierRouterNoRoute")
        .withArgs("0x01020304");
      await verifierRouter.openRoute("0x01020304", TIERS.Signed, provenVerifier);
      await expect(
        market.fulfil(
          request.terms,
          operator,
          output,
          concat(["0x01020304", dataSlice(evidence, 4)]),
        ),
      )
        .to.be.revertedWithCustomError(verifierRouter, "VerifierRouterWrongTier")
        .withArgs("0x01020304", TIERS.Signed, TIERS.Proven);
      for (const short of ["0x", "0x010203"]) {
        await expect(market.fulfil(request.terms, operator, output, short))
          .to.be.revertedWithCustomError(verifierRouter, "ProofKindMissing")
          .withArgs((short.length - 2) / 2);
      }
    });

    it("evidence whose route was closed", async () => {
      const { market, verifierRouter, operator, request, output, evidence } =
        await loadFixture(asked);
      await verifierRouter.closeRoute(PROOF_KINDS.provenGroth16V1);
      await expect(market.fulfil(request.terms, operator, output, evidence))
        .to.be.revertedWithCustomError(verifierRouter, "VerifierRouterNoRoute")
        .withArgs(PROOF_KINDS.provenGroth16V1);
    });

    it("a second answer, of the same node too", async () => {
      const { market, operator, request, output, evidence } = await loadFixture(locked);
      await market.fulfil(request.terms, operator, output, evidence);
      await expect(market.fulfil(request.terms, operator, output, evidence))
        .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
        .withArgs(request.requestId, FULFILLED);
    });

    it("another node's answer while the request is locked", async () => {
      const context = await loadFixture(locked);
      const { market, operator, otherOperator, published, request } = context;
      const rival = await answer(context, published, { ...request, node: otherOperator.address });
      await expect(market.fulfil(request.terms, otherOperator, rival.output, rival.evidence))
        .to.be.revertedWithCustomError(market, "InferenceMarketLockedByOther")
        .withArgs(request.requestId, operator, otherOperator);
    });

    it("nodes that are not registered for inference", async () => {
      const context = await loadFixture(asked);
      const { market, nodeRegistry, published, stranger, request } = context;
      const foreign = await answer(context, published, { ...request, node: stranger.address });
      await expect(market.fulfil(request.terms, stranger, foreign.output, foreign.evidence))
        .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryRoleMissing")
        .withArgs(stranger, NODE_ROLES.Inference);
    });

    it("answers after the lock's deadline", async () => {
      const { market, operator, request, output, evidence } = await loadFixture(locked);
      const { deadline } = await market.stateOf(request.requestId);
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(market.fulfil(request.terms, operator, output, evidence))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooLate")
        .withArgs(request.requestId, deadline + 1n, deadline);
    });

    it("answers after the expiry of a request that nobody locked", async () => {
      const { market, operator, request, output, evidence } = await loadFixture(asked);
      const { expiry } = request.terms;
      await time.setNextBlockTimestamp(expiry + 1n);
      await expect(market.fulfil(request.terms, operator, output, evidence))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooLate")
        .withArgs(request.requestId, expiry + 1n, expiry);
    });

    it("answers to requests that were refunded", async () => {
      const { market, operator, request, output, evidence } = await loadFixture(asked);
      await time.setNextBlockTimestamp(request.terms.expiry + 1n);
      await market.expire(request.terms);
      await expect(market.fulfil(request.terms, operator, output, evidence))
        .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
        .withArgs(request.requestId, EXPIRED);
    });

    it("answers to requests that were never made", async () => {
      const context = await loadFixture(asked);
      const { market, feeEscrow, operator, published, request } = context;
      const terms = { ...request.terms, maxFee: opg(500) };
      const requestId = await market.requestIdOf(terms);
      const forged = await answer(context, published, {
        requestId,
        input: INPUT,
        node: operator.address,
      });
      await expect(market.fulfil(terms, operator, forged.output, forged.evidence))
        .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowNotLocked")
        .withArgs(market, requestId);
    });
  });

  it("takes an answer in the lock's last second", async () => {
    const { market, operator, request, output, evidence } = await loadFixture(locked);
    const { deadline } = await market.stateOf(request.requestId);
    await time.setNextBlockTimestamp(deadline);
    await market.fulfil(request.terms, operator, output, evidence);
  });

  it("takes the answer of a node that left after locking", async () => {
    const { market, nodeRegistry, operator, request, output, evidence } = await loadFixture(locked);
    await nodeRegistry.connect(operator).exit();
    await market.fulfil(request.terms, operator, output, evidence);
  });

  it("takes answers of a model that was retired after the request", async () => {
    const { market, modelRegistry, publisher, published, operator, request, output, evidence } =
      await loadFixture(asked);
    await modelRegistry.connect(publisher).retire(published.modelId);
    await market.fulfil(request.terms, operator, output, evidence);
  });

  it("costs a cheating node nothing but gas, and leaves the request open", async () => {
    const { market, staking, operator, otherOperator, request, output, evidence } =
      await loadFixture(asked);
    await expect(
      market.connect(otherOperator).fulfil(request.terms, otherOperator, output, evidence),
    ).to.revert(ethers);
    expect(await staking.poolOf(otherOperator)).to.deep.equal([opg(5_000), 0n]);
    await market.fulfil(request.terms, operator, output, evidence);
  });
});
