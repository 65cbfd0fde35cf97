import { expect } from "chai";
import { keccak256, ZeroAddress, ZeroHash } from "ethers";
import { REQUEST_OUTCOME, REQUEST_STATUS } from "../../sdk/request-status.ts";
import { ask } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import {
  BOND,
  challengedAnswer,
  LIE,
  lockedRequest,
  optimisticMarket,
  postedAnswer,
  WINDOW,
} from "../fixtures/optimistic.ts";
import { opg } from "../fixtures/protocol.ts";

const STATUS = REQUEST_STATUS;

/** Everything the Optimistic tier can end in, with the real verifier behind `prove`. */
describe("InferenceMarket, optimistic answers", () => {
  describe("fulfil", () => {
    it("posts the answer, and pays nobody yet", async () => {
      const { market, nodeSigner, operator, terms, output, requestId, feeEscrow } =
        await lockedRequest();
      const post = market.connect(nodeSigner).fulfil(terms, operator, output, "0x");
      const now = (await time.latest()) + 1;
      await expect(post)
        .to.emit(market, "AnswerPosted")
        .withArgs(requestId, operator, output, now + WINDOW);
      expect(await market.postedOutputOf(requestId)).to.equal(keccak256(output));
      expect((await market.stateOf(requestId)).status).to.equal(STATUS.Posted);
      expect(await feeEscrow.earningsOf(operator)).to.equal(0);
    });

    it("is for the locking node alone: an answer puts its collateral at risk", async () => {
      const { market, stranger, operator, otherOperator, terms, requestId } = await lockedRequest();
      await expect(market.connect(stranger).fulfil(terms, operator, LIE, "0x"))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotNode")
        .withArgs(requestId, stranger, operator);
      await expect(market.connect(otherOperator).fulfil(terms, otherOperator, LIE, "0x"))
        .to.be.revertedWithCustomError(market, "InferenceMarketLockedByOther")
        .withArgs(requestId, operator, otherOperator);
    });

    it("needs a lock, and takes no evidence", async () => {
      const context = await loadFixture(optimisticMarket);
      const { market, published, operator } = context;
      const { terms, requestId } = await ask(context, published, { tier: "Optimistic" });
      await expect(market.connect(operator).fulfil(terms, operator, LIE, "0x"))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotLocked")
        .withArgs(requestId);
      await market.connect(operator).lock(terms, operator);
      await expect(market.connect(operator).fulfil(terms, operator, LIE, "0x00"))
        .to.be.revertedWithCustomError(market, "OptimisticMarketEvidence")
        .withArgs(1);
    });

    it("is never settled in a batch, which anybody may send", async () => {
      const { market, operator, terms, output, evidence, requestId } = await lockedRequest();
      const item = { terms, node: operator.address, output, evidence };
      const reason = market.interface.encodeErrorResult("OptimisticMarketSingly", [requestId]);
      await expect(market.connect(operator).fulfilBatch([item]))
        .to.emit(market, "FulfilmentSkipped")
        .withArgs(requestId, reason);
    });

    it("happens once, and in time", async () => {
      const { market, operator, terms, output, requestId } = await postedAnswer();
      await expect(market.connect(operator).fulfil(terms, operator, output, "0x"))
        .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
        .withArgs(requestId, STATUS.Posted);
      const late = await lockedRequest({ salt: 1 });
      await time.increase(601);
      await expect(
        late.market.connect(operator).fulfil(late.terms, operator, output, "0x"),
      ).to.be.revertedWithCustomError(market, "InferenceMarketTooLate");
    });

    it("is the node's own even after it left the registry", async () => {
      const { market, nodeRegistry, operator, nodeSigner, terms, output, requestId } =
        await lockedRequest();
      await nodeRegistry.connect(operator).exit();
      await expect(market.connect(nodeSigner).fulfil(terms, operator, output, "0x"))
        .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryNotRegistered")
        .withArgs(operator);
      await market.connect(operator).fulfil(terms, operator, output, "0x");
      expect((await market.stateOf(requestId)).status).to.equal(STATUS.Posted);
    });
  });

  it("is refused for collateral that could not reward a challenger", async () => {
    const context = await loadFixture(optimisticMarket);
    const options = { tier: "Optimistic", maxFee: opg(10), collateral: opg(10) } as const;
    await expect(ask(context, context.published, options))
      .to.be.revertedWithCustomError(context.market, "OptimisticMarketCollateralTooLow")
      .withArgs(opg(10), opg(10));
  });

  it("keeps the collateral for the longest dispute that there can be about the answer", async () => {
    const context = await postedAnswer();
    const { market, staking, published, operator, terms, output } = context;
    await time.increase(WINDOW + 1);
    await market.finalize(terms, output);
    // A lock of ten minutes, three days to challenge, one to prove, seven to claim.
    const expiry = Number(await staking.collateralExpiryOf(operator, market));
    const latest = expiry - 600 - (3 + 1 + 7) * 86_400;
    await time.increaseTo(latest - 100);
    const options = { tier: "Optimistic", collateral: opg(20) } as const;
    const [first, second] = [
      await ask(context, published, { ...options, salt: 1 }),
      await ask(context, published, { ...options, salt: 2 }),
    ];
    await time.setNextBlockTimestamp(latest);
    await expect(market.connect(operator).lock(first.terms, operator)).not.to.emit(
      staking,
      "CollateralLocked",
    );
    await time.setNextBlockTimestamp(latest + 1);
    await expect(market.connect(operator).lock(second.terms, operator))
      .to.emit(staking, "CollateralLocked")
      .withArgs(operator, market, 0, latest + 1 + 30 * 86_400);
  });

  describe("finalize", () => {
    it("pays for an answer that nobody challenged, and frees the collateral", async () => {
      const { market, stranger, terms, output, requestId, operator, feeEscrow } =
        await postedAnswer();
      await time.increase(WINDOW + 1);
      await expect(market.connect(stranger).finalize(terms, output))
        .to.emit(market, "RequestFulfilled")
        .withArgs(requestId, operator, output);
      expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
      expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
      expect(await market.postedOutputOf(requestId)).to.equal(ZeroHash);
      const { status, outcome } = await market.stateOf(requestId);
      expect([status, outcome]).to.deep.equal([STATUS.Fulfilled, REQUEST_OUTCOME.Served]);
    });

    it("waits for the window's last second", async () => {
      const { market, terms, output, requestId } = await postedAnswer();
      const { deadline } = await market.stateOf(requestId);
      await time.setNextBlockTimestamp(deadline);
      await expect(market.finalize(terms, output))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooEarly")
        .withArgs(requestId, deadline, deadline);
    });

    it("takes only the output that was posted, once, and not while it is challenged", async () => {
      const { market, terms, output, requestId, keeper } = await postedAnswer();
      await time.increase(WINDOW + 1);
      await expect(market.finalize(terms, LIE))
        .to.be.revertedWithCustomError(market, "OptimisticMarketOtherOutput")
        .withArgs(requestId, keccak256(LIE), keccak256(output));
      await market.finalize(terms, output);
      await expect(market.finalize(terms, output))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotPosted")
        .withArgs(requestId);
      await expect(market.connect(keeper).challenge(terms))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotPosted")
        .withArgs(requestId);
      const doubted = await challengedAnswer({ salt: 2 });
      await time.increase(WINDOW + 1);
      await expect(market.finalize(doubted.terms, output))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotPosted")
        .withArgs(doubted.requestId);
    });

    it("pays what was offered when the node locked, not what is offered by now", async () => {
      const { market, feeEscrow, operator, payer, terms, output, requestId } = await postedAnswer({
        rampSeconds: 2 * WINDOW,
      });
      const { lockTime } = await market.stateOf(requestId);
      const offered = await market.feeAt(terms, lockTime);
      expect(offered).to.be.below(opg(10));
      await time.increase(WINDOW + 1);
      await market.finalize(terms, output);
      expect(await feeEscrow.earningsOf(operator)).to.equal(offered - opg(1));
      expect(await feeEscrow.balanceOf(payer)).to.equal(opg(1_000) - offered);
    });

    it("frees nothing of a later allotment if it comes after the answer's own expired", async () => {
      const context = await postedAnswer();
      const { market, staking, published, operator, terms, output } = context;
      await time.increaseTo((await staking.collateralExpiryOf(operator, market)) + 1n);
      const next = await ask(context, published, { tier: "Optimistic", collateral: opg(30) });
      await market.connect(operator).lock(next.terms, operator);
      await market.finalize(terms, output);
      expect(await market.freeCollateralOf(operator)).to.equal(0);
      expect(await staking.collateralOf(operator, market)).to.equal(opg(30));
    });

    it("calls the consumer back", async () => {
      const { market, nodeSigner, operator, consumer, terms, output, requestId } =
        await lockedRequest({}, true);
      await market.connect(nodeSigner).fulfil(terms, operator, output, "0x");
      expect(await consumer.deliveries()).to.equal(0);
      await time.increase(WINDOW + 1);
      await expect(market.finalize(terms, output))
        .to.emit(market, "CallbackDelivered")
        .withArgs(requestId, consumer);
      expect(await consumer.deliveries()).to.equal(1);
    });
  });

  describe("challenge", () => {
    it("locks the bond and gives the node time to prove", async () => {
      const { market, keeper, terms, requestId, feeEscrow } = await postedAnswer();
      const challenge = market.connect(keeper).challenge(terms);
      const now = (await time.latest()) + 1;
      await expect(challenge)
        .to.emit(market, "AnswerChallenged")
        .withArgs(requestId, keeper, BOND, now + WINDOW);
      expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(90));
      expect(await market.challengeOf(requestId)).to.deep.equal([keeper.address, BOND]);
    });

    it("is possible in the last second and not after, and once", async () => {
      const { market, keeper, stranger, terms, requestId } = await postedAnswer();
      const { deadline } = await market.stateOf(requestId);
      await time.setNextBlockTimestamp(deadline);
      await market.connect(keeper).challenge(terms);
      await expect(market.connect(stranger).challenge(terms))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotPosted")
        .withArgs(requestId);
      const late = await postedAnswer({ salt: 1 });
      const end = (await market.stateOf(late.requestId)).deadline;
      await time.setNextBlockTimestamp(end + 1n);
      await expect(market.connect(keeper).challenge(late.terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooLate")
        .withArgs(late.requestId, end + 1n, end);
    });

    it("needs a bond that the challenger has and has authorised", async () => {
      const { market, feeEscrow, publisher, terms } = await postedAnswer();
      await expect(market.connect(publisher).challenge(terms))
        .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowLockerNotAuthorized")
        .withArgs(publisher, market, ZeroAddress);
    });

    it("is for posted answers only", async () => {
      const { market, keeper, terms, requestId } = await lockedRequest();
      await expect(market.connect(keeper).challenge(terms))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotPosted")
        .withArgs(requestId);
    });
  });

  describe("prove", () => {
    it("pays the node, and the wrong challenger's bond on top, whoever brings the proof", async () => {
      const { market, stranger, keeper, terms, output, evidence, requestId, ...rest } =
        await challengedAnswer();
      const { feeEscrow, operator } = rest;
      await expect(market.connect(stranger).prove(terms, output, evidence))
        .to.emit(market, "ChallengeLost")
        .withArgs(requestId, keeper, BOND);
      expect(await feeEscrow.earningsOf(operator)).to.equal(opg(19));
      expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(90));
      expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
      const { status, outcome } = await market.stateOf(requestId);
      expect([status, outcome]).to.deep.equal([STATUS.Fulfilled, REQUEST_OUTCOME.ChallengedLost]);
      await expect(market.prove(terms, output, evidence))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotChallenged")
        .withArgs(requestId);
    });

    it("calls the consumer back", async () => {
      const context = await lockedRequest({}, true);
      const { market, nodeSigner, operator, keeper, consumer, terms, output, evidence } = context;
      await market.connect(nodeSigner).fulfil(terms, operator, output, "0x");
      await market.connect(keeper).challenge(terms);
      await expect(market.prove(terms, output, evidence))
        .to.emit(market, "CallbackDelivered")
        .withArgs(context.requestId, consumer);
      expect(await consumer.deliveries()).to.equal(1);
    });

    it("cannot save a wrong answer: neither the truth nor a proof of it fits", async () => {
      const { market, terms, output, evidence, requestId, provenVerifier } = await challengedAnswer(
        {},
        LIE,
      );
      await expect(market.prove(terms, output, evidence))
        .to.be.revertedWithCustomError(market, "OptimisticMarketOtherOutput")
        .withArgs(requestId, keccak256(output), keccak256(LIE));
      await expect(market.prove(terms, LIE, evidence))
        .to.be.revertedWithCustomError(provenVerifier, "ProvenVerifierInvalidProof")
        .withArgs(requestId);
    });

    it("is too late after the window, and too early before a challenge", async () => {
      const { market, terms, output, evidence, requestId } = await challengedAnswer();
      const { deadline } = await market.stateOf(requestId);
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(market.prove(terms, output, evidence))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooLate")
        .withArgs(requestId, deadline + 1n, deadline);
      const calm = await postedAnswer({ salt: 3 });
      await expect(market.prove(calm.terms, calm.output, calm.evidence))
        .to.be.revertedWithCustomError(market, "OptimisticMarketNotChallenged")
        .withArgs(calm.requestId);
    });
  });

  describe("expire", () => {
    it("rejects what was not proved: the payer first, then the challenger, the bond goes back", async () => {
      const { market, terms, requestId, operator, keeper, payer, ...rest } = await challengedAnswer(
        {},
        LIE,
      );
      const { feeEscrow, staking, stranger } = rest;
      await time.increase(WINDOW + 1);
      const before = await feeEscrow.balanceOf(payer);
      const expire = market.connect(stranger).expire(terms);
      await expect(expire)
        .to.emit(market, "RequestRejected")
        .withArgs(requestId, operator, opg(10), opg(50));
      // 50 of collateral: 10 compensate the payer, a tenth of the rest rewards the challenger, not the caller.
      await expect(expire)
        .to.emit(staking, "Slashed")
        .withArgs(operator, payer, keeper, opg(50), 0, opg(10), opg(4), opg(36));
      expect(await feeEscrow.balanceOf(payer)).to.equal(before + opg(10));
      expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(100));
      expect(await market.challengeOf(requestId)).to.deep.equal([ZeroAddress, 0n]);
      expect(await market.postedOutputOf(requestId)).to.equal(ZeroHash);
      const { status, outcome } = await market.stateOf(requestId);
      expect([status, outcome]).to.deep.equal([STATUS.Rejected, REQUEST_OUTCOME.Rejected]);
      await expect(market.expire(terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketSettled")
        .withArgs(requestId, STATUS.Rejected);
    });

    it("waits for the prove window, and never ends a posted answer", async () => {
      const { market, terms, requestId } = await challengedAnswer();
      const { deadline } = await market.stateOf(requestId);
      await time.setNextBlockTimestamp(deadline);
      await expect(market.expire(terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooEarly")
        .withArgs(requestId, deadline, deadline);
      const calm = await postedAnswer({ salt: 4 });
      await time.increase(86_400);
      await expect(market.expire(calm.terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
        .withArgs(calm.requestId, STATUS.Posted);
    });

    it("rejects without a slash once the claim window is over: payer and challenger have theirs back", async () => {
      const { market, terms, requestId, operator, keeper, payer, ...rest } = await challengedAnswer(
        {},
        LIE,
      );
      const { feeEscrow, staking } = rest;
      const { deadline } = await market.stateOf(requestId);
      const before = await feeEscrow.balanceOf(payer);
      await time.setNextBlockTimestamp(deadline + 7n * 86_400n + 1n);
      const expire = market.expire(terms);
      await expect(expire)
        .to.emit(market, "RequestRejected")
        .withArgs(requestId, operator, opg(10), 0);
      await expect(expire).not.to.emit(staking, "Slashed");
      expect(await feeEscrow.balanceOf(payer)).to.equal(before + opg(10));
      expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(100));
      expect(await market.freeCollateralOf(operator)).to.equal(opg(50));
    });

    it("slashes a node that locked and did not post", async () => {
      const { market, terms, requestId } = await lockedRequest();
      await time.increase(601);
      await expect(market.expire(terms)).to.emit(market, "RequestExpired");
      expect((await market.stateOf(requestId)).status).to.equal(STATUS.Expired);
    });

    it("finds the collateral even if the node begins to unstake while it is challenged", async () => {
      const { market, terms, operator, staking } = await challengedAnswer({}, LIE);
      const { stake, locked: inUse } = await staking.poolOf(operator);
      await staking.connect(operator).beginUnstake(operator, stake - inUse);
      await time.increase(WINDOW + 1);
      const before = await staking.slashableOf(operator);
      await market.expire(terms);
      expect(await staking.slashableOf(operator)).to.equal(before - opg(50));
    });
  });

  describe("setChallengeTerms", () => {
    it("sets each window for what comes after, and the bond", async () => {
      const context = await lockedRequest();
      const { market, nodeSigner, operator, keeper, terms, output, requestId } = context;
      await market.setChallengeTerms({ challengeWindow: 100, proveWindow: 30, challengeBond: 7 });
      await market.connect(nodeSigner).fulfil(terms, operator, output, "0x");
      const postedAt = BigInt(await time.latest());
      expect((await market.stateOf(requestId)).deadline).to.equal(postedAt + 100n);
      await market.connect(keeper).challenge(terms);
      const challengedAt = BigInt(await time.latest());
      expect((await market.stateOf(requestId)).deadline).to.equal(challengedAt + 30n);
      expect(await market.challengeOf(requestId)).to.deep.equal([keeper.address, 7n]);
    });

    it("is governed and within limits", async () => {
      const { market, stranger } = await loadFixture(optimisticMarket);
      const good = { challengeWindow: 60, proveWindow: 30, challengeBond: 1 };
      await expect(market.connect(stranger).setChallengeTerms(good))
        .to.be.revertedWithCustomError(market, "AccessManagedUnauthorized")
        .withArgs(stranger);
      await expect(market.setChallengeTerms(good))
        .to.emit(market, "ChallengeTermsChanged")
        .withArgs([60n, 30n, 1n]);
      expect(await market.challengeTerms()).to.deep.equal([60n, 30n, 1n]);
      for (const bad of [
        { ...good, challengeWindow: 0 },
        { ...good, challengeWindow: 3 * 86_400 + 1 },
        { ...good, proveWindow: 0 },
        { ...good, proveWindow: 86_401 },
        { ...good, challengeBond: 0 },
      ]) {
        await expect(market.setChallengeTerms(bad))
          .to.be.revertedWithCustomError(market, "OptimisticMarketBadTerms")
          .withArgs(Object.values(bad), 3 * 86_400, 86_400);
      }
    });
  });
});
