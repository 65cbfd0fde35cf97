import { expect } from "chai";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { inOneBlock } from "../fixtures/blocks.ts";
import { time } from "../fixtures/network.ts";
import {
  BOND,
  challengedAnswer,
  LIE,
  lockedRequest,
  postedAnswer,
  WINDOW,
} from "../fixtures/optimistic.ts";
import { opg } from "../fixtures/protocol.ts";

const STATUS = REQUEST_STATUS;
const GAS = { gasLimit: 1_000_000 };

describe("the last second of a window", () => {
  async function deadlineOf({ market, requestId }: Awaited<ReturnType<typeof lockedRequest>>) {
    return (await market.stateOf(requestId)).deadline;
  }

  it("of a lock still takes an answer, and the next one slashes instead", async () => {
    const context = await lockedRequest();
    const { market, nodeSigner, operator, stranger, terms, output, requestId } = context;
    const deadline = await deadlineOf(context);
    const calls = [
      () => market.connect(stranger).expire(terms, GAS),
      () => market.connect(nodeSigner).fulfil(terms, operator, output, "0x", GAS),
    ];
    const receipts = await inOneBlock(calls, deadline);
    expect(receipts.map(({ status }) => status)).to.deep.equal([0, 1]);
    expect((await market.stateOf(requestId)).status).to.equal(STATUS.Posted);

    const late = await lockedRequest({ salt: 1 });
    const answering = () =>
      late.market.connect(late.nodeSigner).fulfil(late.terms, operator, output, "0x", GAS);
    const giveUp = () => late.market.connect(late.stranger).expire(late.terms, GAS);
    const after = await inOneBlock([answering, giveUp], (await deadlineOf(late)) + 1n);
    expect(after.map(({ status }) => status)).to.deep.equal([0, 1]);
    expect((await market.stateOf(late.requestId)).status).to.equal(STATUS.Expired);
  });

  it("to challenge belongs to the challenger: nobody finalises in it, in whichever order", async () => {
    for (const salt of [0, 1]) {
      const context = await postedAnswer({ salt }, LIE);
      const { market, keeper, stranger, terms, requestId } = context;
      const calls = [
        () => market.connect(stranger).finalize(terms, LIE, GAS),
        () => market.connect(keeper).challenge(terms, GAS),
      ];
      const deadline = await deadlineOf(context);
      await inOneBlock(salt === 0 ? calls : calls.reverse(), deadline);
      const { status, deadline: next } = await market.stateOf(requestId);
      expect(status).to.equal(STATUS.Challenged);
      // The node loses none of its time because the challenger came late.
      expect(next).to.equal(deadline + BigInt(WINDOW));
    }
  });

  it("after the window to challenge belongs to the node: no challenge comes before the payment", async () => {
    for (const salt of [0, 1]) {
      const context = await postedAnswer({ salt });
      const { market, feeEscrow, keeper, stranger, operator, terms, output, requestId } = context;
      const calls = [
        () => market.connect(keeper).challenge(terms, GAS),
        () => market.connect(stranger).finalize(terms, output, GAS),
      ];
      await inOneBlock(salt === 0 ? calls : calls.reverse(), (await deadlineOf(context)) + 1n);
      expect((await market.stateOf(requestId)).status).to.equal(STATUS.Fulfilled);
      expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
      expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(100));
    }
  });

  it("to prove still saves the node: nobody rejects its answer in it, in whichever order", async () => {
    for (const salt of [0, 1]) {
      const context = await challengedAnswer({ salt });
      const { market, feeEscrow, publisher, stranger, operator, terms, requestId } = context;
      const { output, evidence } = context;
      const calls = [
        () => market.connect(stranger).expire(terms, GAS),
        () => market.connect(publisher).prove(terms, output, evidence, GAS),
      ];
      await inOneBlock(salt === 0 ? calls : calls.reverse(), await deadlineOf(context));
      expect((await market.stateOf(requestId)).status).to.equal(STATUS.Fulfilled);
      expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9) + BOND);
    }
  });

  it("after the window to prove a proof comes too late, even if nobody rejected the answer yet", async () => {
    const context = await challengedAnswer();
    const { market, staking, publisher, stranger, operator, keeper, terms, requestId } = context;
    const { output, evidence, feeEscrow } = context;
    const calls = [
      () => market.connect(publisher).prove(terms, output, evidence, GAS),
      () => market.connect(stranger).expire(terms, GAS),
    ];
    const before = await staking.slashableOf(operator);
    const receipts = await inOneBlock(calls, (await deadlineOf(context)) + 1n);
    expect(receipts.map(({ status }) => status)).to.deep.equal([0, 1]);
    expect((await market.stateOf(requestId)).status).to.equal(STATUS.Rejected);
    expect(await staking.slashableOf(operator)).to.equal(before - opg(50));
    expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(100));
  });

  it("keeps the terms that were in force when it began, whatever governance changes", async () => {
    const context = await postedAnswer({}, LIE);
    const { market, keeper, stranger, terms, requestId, feeEscrow } = context;
    const deadline = await deadlineOf(context);
    await market.setChallengeTerms({ challengeWindow: 1, proveWindow: 1, challengeBond: opg(20) });
    await time.setNextBlockTimestamp(deadline);
    await market.connect(keeper).challenge(terms);
    // A challenge has the terms of its own moment.
    expect((await market.stateOf(requestId)).deadline).to.equal(deadline + 1n);
    expect(await market.challengeOf(requestId)).to.deep.equal([keeper.address, opg(20)]);
    await market.setChallengeTerms({ challengeWindow: 1, proveWindow: 60, challengeBond: 1 });
    await time.setNextBlockTimestamp(deadline + 2n);
    await market.connect(stranger).expire(terms);
    // The bond that was put in comes back, not the one that is asked for now.
    expect(await feeEscrow.balanceOf(keeper)).to.equal(opg(100));
  });
});
