import { expect } from "chai";
import { packClaims, signChannelMessage } from "../../sdk/channel.ts";
import { at } from "../../zkml/arrays.ts";
import { inOneBlock, type Send } from "../fixtures/blocks.ts";
import {
  channelFixture,
  DEPOSIT,
  REFUSALS,
  voucherClaim,
  type ChannelContext,
} from "../fixtures/channels.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const GAS = { gasLimit: 500_000 };
const CLOSED = 3n;

/** What the node was promised by voucher, and what it said is enough when it agreed to close. */
const VOUCHER = opg(40);
const AGREED = opg(25);

describe("a payer closes a channel while its node claims", () => {
  /** Ready transactions, each by another account. */
  async function calls(context: ChannelContext) {
    const { escrow, payer, operator, keeper, deployment, id } = context;
    const packed = packClaims([await voucherClaim(context, VOUCHER)]);
    const agreement = { channelId: id, cumulative: AGREED };
    const consent = await signChannelMessage(deployment, operator, "CooperativeClose", agreement);
    const [from, to] = [payer.address, operator.address];
    return {
      claim: () => escrow.connect(keeper).claim(packed, GAS),
      agree: () => escrow.connect(payer).closeCooperatively(to, 0, AGREED, consent, GAS),
      announce: () => escrow.connect(payer).startClose(to, 0, GAS),
      close: () => escrow.connect(payer).close(from, to, 0, GAS),
      leave: () => escrow.connect(operator).closeByNode(from, 0, GAS),
    } satisfies Record<string, Send>;
  }

  /** The channel's whole deposit is the node's or the payer's, and none of it is anybody's twice. */
  async function expectSplit({ escrow, payer, operator, id }: ChannelContext, paid: bigint) {
    expect(await escrow.earningsOf(operator)).to.equal(paid);
    expect(await escrow.balanceOf(payer)).to.equal(DEPOSIT - paid);
    expect(await escrow.channelOf(id)).to.deep.equal([CLOSED, paid, paid, 0n]);
  }

  const races = [
    ["claim", "agree", VOUCHER, "the node keeps what it claimed before the agreement"],
    ["agree", "claim", AGREED, "the node gets what it agreed to, and its voucher is void"],
    ["claim", "leave", VOUCHER, "the node claims and leaves"],
    ["leave", "claim", 0n, "a node that leaves first gives up what it did not claim"],
    ["agree", "leave", AGREED, "the node cannot close what it agreed to close"],
    ["leave", "agree", 0n, "an agreement about a closed channel pays nothing"],
  ] as const;
  for (const [first, second, paid, title] of races) {
    it(`in one block, ${first} before ${second}: ${title}`, async () => {
      const context = await loadFixture(channelFixture);
      const ready = await calls(context);
      await inOneBlock([ready[first], ready[second]]);
      await expectSplit(context, paid);
    });
  }

  for (const order of [
    ["claim", "announce"],
    ["announce", "claim"],
  ] as const) {
    it(`in one block, ${order.join(" before ")}: announcing takes nothing from the node`, async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator, payer } = context;
      const ready = await calls(context);
      await inOneBlock(order.map((name) => ready[name]));
      expect(await escrow.earningsOf(operator)).to.equal(VOUCHER);
      await time.increase(await escrow.CLAIM_WINDOW());
      await escrow.close(payer, operator, 0);
      await expectSplit(context, VOUCHER);
    });
  }

  describe("that is closing already", () => {
    async function closing() {
      const context = await channelFixture();
      await context.escrow.connect(context.payer).startClose(context.operator, 0);
      const { closesAt } = await context.escrow.channelOf(context.id);
      return { ...context, closesAt };
    }

    for (const order of [
      ["claim", "close"],
      ["close", "claim"],
    ] as const) {
      it(`in the last second of the window the claim is paid and the close refused: ${order.join(" before ")}`, async () => {
        const context = await loadFixture(closing);
        const { escrow, operator, payer, id, closesAt } = context;
        const ready = await calls(context);
        const sent = order.map((name) => ready[name]);
        const receipts = await inOneBlock(sent, closesAt - 1n);
        expect(at(receipts, order.indexOf("close")).status).to.equal(0);
        expect(await escrow.earningsOf(operator)).to.equal(VOUCHER);
        expect((await escrow.channelOf(id)).status).not.to.equal(CLOSED);
        await escrow.close(payer, operator, 0);
        await expectSplit(context, VOUCHER);
      });
    }

    it("a claim in the second after the window is paid if nobody closed before it", async () => {
      const context = await loadFixture(closing);
      const ready = await calls(context);
      await inOneBlock([ready.claim, ready.close], context.closesAt);
      await expectSplit(context, VOUCHER);
    });

    it("a claim in the second after the window finds nothing if the payer was first", async () => {
      const context = await loadFixture(closing);
      const { escrow, id, closesAt } = context;
      const ready = await calls(context);
      await inOneBlock([ready.close, ready.claim], closesAt);
      await expectSplit(context, 0n);
      await expect(ready.claim())
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.ChannelClosed);
    });

    it("in the last second the agreement beats the window, and the other close is void", async () => {
      const context = await loadFixture(closing);
      const { escrow, keeper, payer, operator, closesAt } = context;
      const ready = await calls(context);
      const byAnybody = () => escrow.connect(keeper).close(payer, operator, 0, GAS);
      const receipts = await inOneBlock([ready.agree, byAnybody], closesAt);
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 0]);
      await expectSplit(context, AGREED);
    });

    it("an agreement that comes after the unilateral close cannot reopen it", async () => {
      const context = await loadFixture(closing);
      const { escrow, keeper, payer, operator, closesAt } = context;
      const ready = await calls(context);
      const byAnybody = () => escrow.connect(keeper).close(payer, operator, 0, GAS);
      const receipts = await inOneBlock([byAnybody, ready.agree], closesAt);
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 0]);
      await expectSplit(context, 0n);
    });
  });
});
