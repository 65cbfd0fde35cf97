import { expect } from "chai";
import { concat, dataSlice, getBytes, hexlify, keccak256, ZeroAddress } from "ethers";
import { evidenceOf, proofKindOf } from "../../sdk/proof-kinds.ts";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { HostileConsumer__factory } from "../../typechain-types/index.js";
import { at, listOf } from "../../zkml/arrays.ts";
import { commitmentTo, sealInput } from "../../zkml/circuit/sealed-input.ts";
import { infer } from "../../zkml/integer/run.ts";
import { proveTogether } from "../../zkml/prove/prover.ts";
import { openMarket } from "../fixtures/market.ts";
import {
  answer,
  ask,
  privateModel,
  publish,
  sharedModel,
  tinyModel,
  type OpenRequest,
  type PublishedModel,
  type RequestOptions,
} from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { fundedProtocol, opg, type Fixture } from "../fixtures/protocol.ts";

const { Fulfilled: FULFILLED, Expired: EXPIRED, None: OPEN } = REQUEST_STATUS;
const CALLBACK_GAS = 500_000;

/** `HostileConsumer.Behaviour`. */
const REVERT = 1;
const REENTER = 5;

const inputs = listOf(4, (i) => Uint8Array.of(i, 60 * i, 255 - i, 9));

describe("InferenceMarket.fulfilShared", () => {
  async function fixture() {
    const protocol = await fundedProtocol();
    const published = await publish(protocol, await sharedModel(), { royalty: opg(1) });
    await openMarket(protocol);
    return { ...protocol, market: protocol.inferenceMarket, published };
  }

  /** Three requests for an inference each, in the order of the inputs. */
  async function asked(options: RequestOptions = {}) {
    const context = await loadFixture(fixture);
    const requests: OpenRequest[] = [];
    for (const [i, input] of inputs.slice(0, 3).entries())
      requests.push(await ask(context, context.published, { input, salt: i, ...options }));
    return { ...context, requests };
  }

  async function prove(
    {
      market,
      deployment,
      operator,
    }: Pick<Fixture, "deployment" | "operator"> & { market: Fixture["inferenceMarket"] },
    { model, modelId, origin, key }: PublishedModel,
    requests: readonly OpenRequest[],
  ) {
    const context = {
      chainId: deployment.chainId,
      market: await market.getAddress(),
      modelId,
      node: operator.address,
    };
    const { answers, evidence } = await proveTogether(model, {
      questions: requests,
      context,
      parts: { origin, key },
    });
    return {
      fulfilments: requests.map(({ terms }, i) => ({
        terms,
        output: hexlify(at(answers, i).output),
      })),
      evidence: evidenceOf(proofKindOf(model.circuit.form), evidence),
    };
  }

  async function statusOf(market: Fixture["inferenceMarket"], requests: readonly OpenRequest[]) {
    const states = await Promise.all(requests.map(({ requestId }) => market.stateOf(requestId)));
    return states.map(({ status }) => status);
  }

  it("settles and pays all requests by one proof, whoever brings it", async () => {
    const context = await asked();
    const { market, feeEscrow, operator, stranger, requests, published } = context;
    const { fulfilments, evidence } = await prove(context, published, requests);
    const settled = market.connect(stranger).fulfilShared(operator, fulfilments, evidence);
    for (const [i, { requestId }] of requests.entries()) {
      const output = hexlify(infer(published.model.graph, at(inputs, i)));
      await expect(settled)
        .to.emit(market, "RequestFulfilled")
        .withArgs(requestId, operator, output);
    }
    expect(await statusOf(market, requests)).to.deep.equal([FULFILLED, FULFILLED, FULFILLED]);
    // Ten each, of which one is the royalty.
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(27));
  });

  it("settles each once: what was served is skipped, and nothing is paid twice", async () => {
    const context = await asked();
    const { market, feeEscrow, operator, requests, published } = context;
    const { fulfilments, evidence } = await prove(context, published, requests);
    await market.fulfilShared(operator, fulfilments, evidence);
    const again = market.fulfilShared(operator, fulfilments, evidence);
    for (const { requestId } of requests) {
      const reason = market.interface.encodeErrorResult("InferenceMarketSettled", [
        requestId,
        FULFILLED,
      ]);
      await expect(again).to.emit(market, "FulfilmentSkipped").withArgs(requestId, reason);
    }
    await expect(again).not.to.emit(market, "RequestFulfilled");
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(27));
  });

  it("pays a request that is in the list twice once", async () => {
    const context = await asked();
    const { market, feeEscrow, operator, published } = context;
    const requests = [at(context.requests, 0), at(context.requests, 0)];
    const { fulfilments, evidence } = await prove(context, published, requests);
    await market.fulfilShared(operator, fulfilments, evidence);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
  });

  it("skips what expired or another node holds, and settles the rest", async () => {
    const context = await asked();
    const { market, operator, otherOperator, published } = context;
    const late = await ask(context, published, { input: at(inputs, 3), lifetime: 60, salt: 9 });
    const requests = [at(context.requests, 0), late, at(context.requests, 2)];
    await market.connect(otherOperator).lock(at(requests, 2).terms, otherOperator);
    await time.increase(120);
    const { fulfilments, evidence } = await prove(context, published, requests);
    await market.fulfilShared(operator, fulfilments, evidence);
    const [served, expired, locked] = await statusOf(market, requests);
    expect([served, expired]).to.deep.equal([FULFILLED, OPEN]);
    expect(locked).to.equal(REQUEST_STATUS.Locked);
    await market.expire(at(requests, 1).terms);
    expect((await market.stateOf(at(requests, 1).requestId)).status).to.equal(EXPIRED);
  });

  it("skips a request that was never made", async () => {
    const context = await asked();
    const { market, feeEscrow, operator, published } = context;
    const terms = { ...at(context.requests, 1).terms, salt: 77n };
    const requestId = await market.requestIdOf(terms);
    const invented = { ...at(context.requests, 1), terms, requestId };
    const requests = [at(context.requests, 0), invented];
    const { fulfilments, evidence } = await prove(context, published, requests);
    await expect(market.fulfilShared(operator, fulfilments, evidence))
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(
        requestId,
        market.interface.encodeErrorResult("InferenceMarketNotOpen", [requestId, OPEN]),
      );
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
  });

  it("skips a request for another model, though the proof names it", async () => {
    const context = await asked();
    const { market, operator, published } = context;
    const twin = await publish(context, await sharedModel(), { content: "0x05" });
    const foreign = await ask(context, twin, { input: at(inputs, 1) });
    const requests = [at(context.requests, 0), foreign];
    const { fulfilments, evidence } = await prove(context, published, requests);
    await expect(market.fulfilShared(operator, fulfilments, evidence))
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(
        foreign.requestId,
        market.interface.encodeErrorResult("InferenceMarketNotShared", [
          foreign.requestId,
          twin.modelId,
          TIERS.Proven,
        ]),
      );
    expect(await statusOf(market, requests)).to.deep.equal([FULFILLED, OPEN]);
  });

  it("frees the collateral of requests that the node had locked", async () => {
    const context = await asked();
    const { market, operator, requests, published } = context;
    for (const { terms } of requests) await market.connect(operator).lock(terms, operator);
    expect(await market.freeCollateralOf(operator)).to.equal(0);
    const { fulfilments, evidence } = await prove(context, published, requests);
    await market.fulfilShared(operator, fulfilments, evidence);
    expect(await market.freeCollateralOf(operator)).to.equal(opg(150));
  });

  it("reverts, and settles nothing, if the proof does not hold for one of them", async () => {
    const context = await asked();
    const { market, sharedProofVerifier, operator, requests, published } = context;
    const { fulfilments, evidence } = await prove(context, published, requests);
    const output = getBytes(at(fulfilments, 1).output);
    output[3] = at(output, 3) ^ 1;
    const bent = fulfilments.with(1, { ...at(fulfilments, 1), output: hexlify(output) });
    await expect(market.fulfilShared(operator, bent, evidence)).to.be.revertedWithCustomError(
      sharedProofVerifier,
      "SharedProofVerifierInvalidProof",
    );
    expect(await statusOf(market, requests)).to.deep.equal([OPEN, OPEN, OPEN]);
  });

  it("pays nobody but the node that the proof names", async () => {
    const context = await asked();
    const { market, sharedProofVerifier, otherOperator, requests, published } = context;
    const { fulfilments, evidence } = await prove(context, published, requests);
    await expect(
      market.fulfilShared(otherOperator, fulfilments, evidence),
    ).to.be.revertedWithCustomError(sharedProofVerifier, "SharedProofVerifierInvalidProof");
  });

  it("takes only evidence of its kind", async () => {
    const context = await asked();
    const { market, verifierRouter, operator, requests, published } = context;
    const { fulfilments, evidence } = await prove(context, published, requests);
    await expect(
      market.fulfilShared(operator, fulfilments, concat(["0x12345678", dataSlice(evidence, 4)])),
    ).to.be.revertedWithCustomError(verifierRouter, "VerifierRouterNoRoute");
    await expect(market.fulfilShared(operator, fulfilments, "0x1234"))
      .to.be.revertedWithCustomError(verifierRouter, "ProofKindMissing")
      .withArgs(2);
  });

  it("does nothing for no requests", async () => {
    const { market, operator } = await loadFixture(fixture);
    await expect(market.fulfilShared(operator, [], "0x")).not.to.emit(market, "RequestFulfilled");
  });

  it("calls consumers back after all is settled, and a failing one harms nobody", async () => {
    const context = await loadFixture(fixture);
    const { market, operator, published, governor } = context;
    const consumers = await Promise.all(
      [0, REVERT].map(async (behaviour) => {
        const consumer = await new HostileConsumer__factory(governor).deploy();
        await consumer.behave(behaviour, ZeroAddress, "0x");
        return consumer;
      }),
    );
    const requests: OpenRequest[] = [];
    for (const [i, consumer] of consumers.entries())
      requests.push(
        await ask(context, published, {
          input: at(inputs, i),
          consumer: await consumer.getAddress(),
          callbackGas: CALLBACK_GAS,
        }),
      );
    const { fulfilments, evidence } = await prove(context, published, requests);
    const settled = market.fulfilShared(operator, fulfilments, evidence);
    await expect(settled).to.emit(market, "CallbackDelivered");
    await expect(settled).to.emit(market, "CallbackFailed");
    expect(await statusOf(market, requests)).to.deep.equal([FULFILLED, FULFILLED]);
    expect(await at(consumers, 0).deliveries()).to.equal(1);
  });

  it("skips a request of another tier, which the proof was not asked for", async () => {
    const context = await loadFixture(fixture);
    const { market, operator, published } = context;
    const doubtable = await publish(context, await sharedModel(), {
      content: "0x08",
      tiers: ["Proven", "Optimistic"],
    });
    const requests = [
      await ask(context, doubtable, { input: at(inputs, 0) }),
      await ask(context, doubtable, { input: at(inputs, 1), tier: "Optimistic" }),
    ];
    expect(doubtable.modelId).not.to.equal(published.modelId);
    const { fulfilments, evidence } = await prove(context, doubtable, requests);
    const { requestId } = at(requests, 1);
    await expect(market.fulfilShared(operator, fulfilments, evidence))
      .to.emit(market, "FulfilmentSkipped")
      .withArgs(
        requestId,
        market.interface.encodeErrorResult("InferenceMarketNotShared", [
          requestId,
          doubtable.modelId,
          TIERS.Optimistic,
        ]),
      );
    expect(await statusOf(market, requests)).to.deep.equal([FULFILLED, OPEN]);
  });

  it("pays nothing twice to a consumer that re-enters with the same proof", async () => {
    const context = await loadFixture(fixture);
    const { market, feeEscrow, operator, published, governor } = context;
    const consumer = await new HostileConsumer__factory(governor).deploy();
    const requests: OpenRequest[] = [];
    for (const [salt, input] of inputs.slice(0, 2).entries())
      requests.push(
        await ask(context, published, {
          ...{ input, salt, consumer: await consumer.getAddress() },
          callbackGas: 3_000_000,
        }),
      );
    const { fulfilments, evidence } = await prove(context, published, requests);
    const again = market.interface.encodeFunctionData("fulfilShared", [
      operator.address,
      fulfilments,
      evidence,
    ]);
    await consumer.behave(REENTER, market, again);
    await market.fulfilShared(operator, fulfilments, evidence);
    expect(await consumer.reentered()).to.equal(true);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(18));
  });

  describe("with requests for several inferences", () => {
    it("are priced as so many, and served by one proof", async () => {
      const context = await loadFixture(fixture);
      const { market, feeEscrow, operator, published } = context;
      const [one, three] = await Promise.all(
        [4, 12].map((size) => market.priceOf(published.modelId, TIERS.Proven, size)),
      );
      expect(three).to.deep.equal(one?.map((part) => 3n * part));

      const input = getBytes(concat(inputs.slice(0, 3)));
      const request = await ask(context, published, { input });
      expect(request.terms.royalty).to.equal(opg(3));
      const node = operator.address;
      const { output, evidence } = await answer(context, published, { ...request, node });
      const alone = inputs.slice(0, 3).map((each) => infer(published.model.graph, each));
      expect(output).to.equal(concat(alone));
      await market.fulfil(request.terms, operator, output, evidence);
      expect(await feeEscrow.earningsOf(operator)).to.equal(opg(7));
    });

    it("share a proof with others", async () => {
      const context = await loadFixture(fixture);
      const { market, operator, published } = context;
      const requests = [
        await ask(context, published, { input: getBytes(concat(inputs.slice(0, 2))) }),
        await ask(context, published, { input: at(inputs, 2) }),
      ];
      const { fulfilments, evidence } = await prove(context, published, requests);
      await market.fulfilShared(operator, fulfilments, evidence);
      expect(await statusOf(market, requests)).to.deep.equal([FULFILLED, FULFILLED]);
    });

    for (const size of [0, 3, 5, 13, 16]) {
      it(`cannot be made with ${size} bytes`, async () => {
        const context = await loadFixture(fixture);
        const { market, published } = context;
        await expect(ask(context, published, { input: new Uint8Array(size) }))
          .to.be.revertedWithCustomError(market, "InferenceMarketBadInputSize")
          .withArgs(size, 4, 3);
      });
    }

    it("cannot be made of a model whose proofs carry one", async () => {
      const context = await loadFixture(fixture);
      const { market } = context;
      const tiny = await publish(context, await tinyModel(), { content: "0x06" });
      await expect(ask(context, tiny, { input: new Uint8Array(24) }))
        .to.be.revertedWithCustomError(market, "InferenceMarketBadInputSize")
        .withArgs(24, 12, 1);
    });
  });

  it("serves a request whose input nobody on chain sees", async () => {
    const context = await loadFixture(fixture);
    const { market, provenVerifier, operator } = context;
    const hidden = await publish(context, await privateModel(), { content: "0x07" });
    const secret = Uint8Array.from({ length: 12 }, (_, i) => 21 * i);
    const { opening, commitment } = sealInput(secret);
    const request = await ask(context, hidden, { input: commitment });
    expect(request.terms.inputHash).to.equal(keccak256(commitment));

    const node = operator.address;
    const { output, evidence } = await answer(context, hidden, {
      ...request,
      input: opening,
      node,
    });
    expect(output).to.equal(hexlify(infer(hidden.model.graph, secret)));
    expect(evidence).not.to.include(hexlify(secret).slice(2));
    // Another input, however well proved, is not what was committed to.
    const other = sealInput(secret.map((byte) => byte ^ 1));
    const lie = await answer(context, hidden, { ...request, input: other.opening, node });
    await expect(
      market.fulfil(request.terms, operator, lie.output, lie.evidence),
    ).to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierWrongInput");
    const dressed = concat([dataSlice(lie.evidence, 0, 344), hexlify(commitmentTo(opening))]);
    await expect(
      market.fulfil(request.terms, operator, lie.output, dressed),
    ).to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof");

    await market.fulfil(request.terms, operator, output, evidence);
    expect(await statusOf(market, [request])).to.deep.equal([FULFILLED]);
  });
});
