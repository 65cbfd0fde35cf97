import { expect } from "chai";
import { concat, id, MaxUint256, toBeHex, ZeroAddress } from "ethers";
import { channelId, packClaims, signChannelMessage } from "../../sdk/channel.ts";
import { HostileWallet__factory } from "../../typechain-types/index.js";
import {
  BEHAVIOURS,
  REFUSING_BEHAVIOURS,
  channelFixture,
  DEPOSIT,
  REFUSALS,
  submit,
  voucherClaim,
  walletClaim,
} from "../fixtures/channels.ts";
import { ethers, loadFixture, networkHelpers, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const CLOSED = 3n;

describe("a wallet contract that misbehaves", () => {
  describe("as the payer of a channel", () => {
    it("that changes its mind delays a claim, and takes nothing back that was paid", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator } = context;
      const { wallet, claim, id: channel } = await walletClaim(context, opg(3));
      await wallet.behave(BEHAVIOURS.Refuse, ZeroAddress, "0x");
      await expect(submit(context, claim))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(channel, REFUSALS.BadSignature);
      await wallet.behave(BEHAVIOURS.CheckSignature, ZeroAddress, "0x");
      await submit(context, claim);
      await wallet.behave(BEHAVIOURS.Refuse, ZeroAddress, "0x");
      expect(await escrow.earningsOf(operator)).to.equal(opg(3));
      await expect(submit(context, claim))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(channel, REFUSALS.NotIncreasing);
    });

    it("that takes its word back gets its deposit, less what was claimed: a node's risk is its limit", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator } = context;
      const { wallet, claim, id: channel } = await walletClaim(context, opg(3));
      await submit(context, claim);
      await wallet.behave(BEHAVIOURS.Refuse, ZeroAddress, "0x");
      const { interface: abi } = escrow;
      await wallet.execute(escrow, abi.encodeFunctionData("startClose", [operator.address, 0]));
      await submit(context, { ...claim, cumulative: opg(50) });
      await time.increase(await escrow.CLAIM_WINDOW());
      await escrow.close(wallet, operator, 0);
      expect(await escrow.channelOf(channel)).to.deep.equal([CLOSED, opg(3), opg(3), 0n]);
      expect(await escrow.balanceOf(wallet)).to.equal(DEPOSIT - opg(3));
    });

    it("that agrees to everything is bound to its deposit and no more", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator } = context;
      const { wallet, claim, id: channel } = await walletClaim(context, opg(3));
      await wallet.behave(BEHAVIOURS.AcceptAll, ZeroAddress, "0x");
      await expect(submit(context, { ...claim, cumulative: DEPOSIT + 1n, signature: "0x" }))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(channel, REFUSALS.OverDeposit);
      await submit(context, { ...claim, cumulative: DEPOSIT, signature: "0x" });
      expect(await escrow.earningsOf(operator)).to.equal(DEPOSIT);
    });

    for (const behaviour of REFUSING_BEHAVIOURS) {
      it(`cannot be metered, nor sink the batch that tries: ${behaviour}`, async () => {
        const context = await loadFixture(channelFixture);
        const { escrow, deployment, keys, meter, operator } = context;
        await escrow.setAttestedKeys(keys);
        const { wallet, claim: voucher, id: channel } = await walletClaim(context, opg(3));
        const usage = { channelId: channel, usage: opg(2), timestamp: 1_000n };
        const { payer, node, salt, byContract, signature } = voucher;
        const claim = {
          ...{ payer, node, salt, byContract, signature },
          kind: "metered",
          cap: opg(5),
          usage: usage.usage,
          timestamp: usage.timestamp,
          meterSignature: await signChannelMessage(deployment, meter, "Usage", usage),
        } as const;
        const good = await voucherClaim(context, opg(2));
        // Where it re-enters, with a claim that would be paid.
        const inner = escrow.interface.encodeFunctionData("claim", [packClaims([good])]);
        await wallet.behave(BEHAVIOURS[behaviour], escrow, inner);
        const claiming = await submit(context, claim, good);
        await expect(claiming)
          .to.emit(escrow, "ClaimSkipped")
          .withArgs(channel, REFUSALS.BadSignature);
        expect(await escrow.earningsOf(operator)).to.equal(opg(2));
        expect((await claiming.wait())?.gasUsed).to.be.lessThan(350_000n);
        await wallet.behave(BEHAVIOURS.AcceptAll, ZeroAddress, "0x");
        await submit(context, claim);
        expect(await escrow.earningsOf(operator)).to.equal(opg(4));
      });
    }
  });

  describe("as the node of a channel", () => {
    /** A channel of the payer's to a wallet, and a voucher for some of it. */
    async function fixture() {
      const context = await channelFixture();
      const { escrow, payer } = context;
      const wallet = await new HostileWallet__factory(context.stranger).deploy(context.stranger);
      await escrow.connect(payer).openChannel(wallet, 0, DEPOSIT);
      const node = await wallet.getAddress();
      const voucher = await voucherClaim(context, opg(30), { node });
      return { ...context, wallet, node, voucher };
    }

    for (const behaviour of REFUSING_BEHAVIOURS) {
      it(`cannot keep the payer's money by not agreeing: ${behaviour}`, async () => {
        const context = await loadFixture(fixture);
        const { escrow, payer, wallet, voucher } = context;
        const { interface: abi } = escrow;
        const inner = abi.encodeFunctionData("claim", [packClaims([voucher])]);
        await wallet.behave(BEHAVIOURS[behaviour], escrow, inner);
        await expect(escrow.connect(payer).closeCooperatively(wallet, 0, 0, "0x"))
          .to.be.revertedWithCustomError(escrow, "PaymentChannelsBadSignature")
          .withArgs(wallet);
        await escrow.connect(payer).startClose(wallet, 0);
        await time.increase(await escrow.CLAIM_WINDOW());
        await escrow.close(payer, wallet, 0);
        expect(await escrow.balanceOf(payer)).to.equal(DEPOSIT);
        expect(await escrow.earningsOf(wallet)).to.equal(0);
      });
    }

    it("that agrees at length is taken at its word, and its answer not copied", async () => {
      const context = await loadFixture(fixture);
      const { escrow, payer, wallet } = context;
      await wallet.behave(BEHAVIOURS.ReturnBomb, ZeroAddress, "0x");
      const closing = await escrow.connect(payer).closeCooperatively(wallet, 0, opg(1), "0x");
      expect((await closing.wait())?.gasUsed).to.be.lessThan(200_000n);
      expect(await escrow.earningsOf(wallet)).to.equal(opg(1));
      expect(await escrow.balanceOf(payer)).to.equal(DEPOSIT - opg(1));
    });

    it("that agreed and changed its mind keeps its channel, and can still claim", async () => {
      const context = await loadFixture(fixture);
      const { escrow, deployment, payer, wallet, node, voucher, stranger } = context;
      const channel = channelId({ payer: payer.address, node, salt: 0n });
      const agreement = { channelId: channel, cumulative: 0n };
      const consent = await signChannelMessage(deployment, stranger, "CooperativeClose", agreement);
      await wallet.behave(BEHAVIOURS.Refuse, ZeroAddress, "0x");
      await expect(escrow.connect(payer).closeCooperatively(wallet, 0, 0, consent))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsBadSignature")
        .withArgs(wallet);
      await submit(context, voucher);
      expect(await escrow.earningsOf(wallet)).to.equal(opg(30));
    });
  });

  it("signs for itself alone: no other contract takes its yes for somebody else's", async () => {
    const context = await loadFixture(channelFixture);
    const { escrow, id: channel, payer, operator } = context;
    const { wallet, claim } = await walletClaim(context, opg(3));
    await wallet.behave(BEHAVIOURS.AcceptAll, ZeroAddress, "0x");
    // The same claim with a payer that is a key: a contract's signature is none for it.
    await expect(submit(context, { ...claim, payer: payer.address }))
      .to.emit(escrow, "ClaimSkipped")
      .withArgs(channel, REFUSALS.BadSignature);
    expect(await escrow.earningsOf(operator)).to.equal(0);
  });

  it("has no say where a key borrows its code (EIP-7702): the key signs, and the code besides", async () => {
    const context = await loadFixture(channelFixture);
    const { escrow, operator, payer, stranger, id: channel } = context;
    const wallet = await new HostileWallet__factory(stranger).deploy(stranger);
    await networkHelpers.setCode(payer.address, concat(["0xef0100", await wallet.getAddress()]));
    const borrowed = HostileWallet__factory.connect(payer.address, stranger);
    await borrowed.behave(BEHAVIOURS.Refuse, ZeroAddress, "0x");
    await submit(context, await voucherClaim(context, opg(2)));
    expect(await escrow.earningsOf(operator)).to.equal(opg(2));
    const byCode = { ...(await voucherClaim(context, opg(3))), byContract: true };
    await expect(submit(context, byCode))
      .to.emit(escrow, "ClaimSkipped")
      .withArgs(channel, REFUSALS.BadSignature);
    await borrowed.behave(BEHAVIOURS.AcceptAll, ZeroAddress, "0x");
    await submit(context, byCode);
    expect(await escrow.earningsOf(operator)).to.equal(opg(3));
  });

  it("cannot approve by signature: the token asks keys only", async () => {
    const { opg: token, escrow, stranger } = await loadFixture(channelFixture);
    const wallet = await new HostileWallet__factory(stranger).deploy(stranger);
    await wallet.behave(BEHAVIOURS.AcceptAll, ZeroAddress, "0x");
    const [r, s] = [id("anything"), toBeHex(1, 32)];
    for (const v of [0, 27, 28]) {
      await expect(token.permit(wallet, escrow, 1, MaxUint256, v, r, s)).to.be.revert(ethers);
    }
  });
});
