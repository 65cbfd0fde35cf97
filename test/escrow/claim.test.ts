import { expect } from "chai";
import { concat, hexlify, randomBytes, ZeroAddress } from "ethers";
import { packClaims, signChannelMessage } from "../../sdk/channel.ts";
import {
  BEHAVIOURS,
  REFUSING_BEHAVIOURS,
  channelFixture,
  DEPOSIT,
  meteredClaim,
  REFUSALS,
  submit,
  voucherClaim,
  walletClaim,
} from "../fixtures/channels.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

describe("PaymentChannels: claim", () => {
  describe("vouchers", () => {
    it("credit the node with what is new, whoever brings them", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator, stranger, id } = context;
      const packed = packClaims([await voucherClaim(context, opg(30))]);
      expect(await escrow.claim.staticCall(packed)).to.equal(opg(30));
      await expect(escrow.connect(stranger).claim(packed))
        .to.emit(escrow, "ChannelClaimed")
        .withArgs(id, opg(30));
      await submit(context, await voucherClaim(context, opg(45)));
      expect(await escrow.earningsOf(operator)).to.equal(opg(45));
      expect(await escrow.channelOf(id)).to.deep.equal([1n, DEPOSIT, opg(45), 0n]);
    });

    it("are earned like fees: the treasury takes its share when they are collected", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator, governor } = context;
      await submit(context, await voucherClaim(context, opg(100)));
      await expect(escrow.collectEarnings(operator))
        .to.emit(escrow, "EarningsCollected")
        .withArgs(operator, opg(95), opg(5));
      expect(await escrow.balanceOf(governor)).to.equal(opg(5));
    });

    it("take no more than 109 bytes each", async () => {
      const context = await loadFixture(channelFixture);
      const one = packClaims([await voucherClaim(context, 1n)]);
      const two = packClaims([await voucherClaim(context, 1n), await voucherClaim(context, 2n)]);
      expect((two.length - one.length) / 2).to.equal(109);
    });

    it("are skipped with the reason", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, id, stranger, payer, operator, otherOperator } = context;
      await submit(context, await voucherClaim(context, opg(10)));
      const unknown = await voucherClaim(context, 1n, { salt: 7n });
      const unknownId = await escrow.channelIdOf(payer, operator, 7n);
      const misdirected = {
        ...(await voucherClaim(context, opg(20))),
        node: otherOperator.address,
      };
      const misdirectedId = await escrow.channelIdOf(payer, otherOperator, 0n);
      const cases = [
        [unknown, unknownId, REFUSALS.UnknownChannel],
        [misdirected, misdirectedId, REFUSALS.UnknownChannel],
        [await voucherClaim(context, opg(10)), id, REFUSALS.NotIncreasing],
        [await voucherClaim(context, 0n), id, REFUSALS.NotIncreasing],
        [await voucherClaim(context, DEPOSIT + 1n), id, REFUSALS.OverDeposit],
        [await voucherClaim(context, 2n ** 96n - 1n), id, REFUSALS.OverDeposit],
        [await voucherClaim(context, opg(20), { signer: stranger }), id, REFUSALS.BadSignature],
      ] as const;
      for (const [claim, channel, refusal] of cases) {
        const claiming = submit(context, claim);
        await expect(claiming).to.emit(escrow, "ClaimSkipped").withArgs(channel, refusal);
        await expect(claiming).not.to.emit(escrow, "ChannelClaimed");
      }
      expect(await escrow.earningsOf(operator)).to.equal(opg(10));
    });

    it("never sink a batch: the good ones are paid", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator, id } = context;
      await escrow.connect(payer).openChannel(operator, 1, opg(5));
      const garbage = hexlify(randomBytes(64));
      const claiming = submit(
        context,
        { ...(await voucherClaim(context, opg(1))), signature: garbage },
        await voucherClaim(context, opg(2)),
        await voucherClaim(context, opg(2)),
        await voucherClaim(context, opg(6), { salt: 1n }),
        await voucherClaim(context, opg(5), { salt: 1n }),
      );
      for (const refusal of [REFUSALS.BadSignature, REFUSALS.NotIncreasing]) {
        await expect(claiming).to.emit(escrow, "ClaimSkipped").withArgs(id, refusal);
      }
      expect(await escrow.earningsOf(operator)).to.equal(opg(7));
    });

    it("need a node first, whole records, and known kinds", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator } = context;
      expect(await escrow.claim.staticCall("0x")).to.equal(0);
      await expect(escrow.claim(`0x01${"00".repeat(108)}`))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsNodeMissing")
        .withArgs(0);
      await expect(escrow.claim("0x0011"))
        .to.be.revertedWithCustomError(escrow, "PackedClaimsTruncated")
        .withArgs(0, 21, 2);
      await expect(escrow.claim(concat(["0x00", operator.address, "0x02"])))
        .to.be.revertedWithCustomError(escrow, "PackedClaimsUnknownKind")
        .withArgs(21, 2);
      const packed = packClaims([await voucherClaim(context, 1n)]);
      await expect(escrow.claim(`${packed}01`))
        .to.be.revertedWithCustomError(escrow, "PackedClaimsTruncated")
        .withArgs(130, 239, 131);
    });

    it("of dust are paid to the last wei", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator } = context;
      await escrow.connect(payer).openChannel(operator, 1, 1);
      await submit(context, await voucherClaim(context, 1n, { salt: 1n }));
      expect(await escrow.earningsOf(operator)).to.equal(1);
      // The treasury's share of a wei is rounded down.
      await escrow.collectEarnings(operator);
      expect(await escrow.balanceOf(operator)).to.equal(1);
    });
  });

  describe("payers that are contracts", () => {
    it("sign as they like (ERC-1271)", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator } = context;
      const { claim, id } = await walletClaim(context, opg(3));
      await expect(submit(context, { ...claim, cumulative: opg(4) }))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.BadSignature);
      await submit(context, claim);
      expect(await escrow.earningsOf(operator)).to.equal(opg(3));
    });

    it("pay nothing by a key's signature, and keys nothing by a contract's", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, id: keyId } = context;
      const { claim, id } = await walletClaim(context, opg(3));
      await expect(submit(context, { ...claim, byContract: false }))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.BadSignature);
      await expect(submit(context, { ...(await voucherClaim(context, 1n)), byContract: true }))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(keyId, REFUSALS.BadSignature);
    });

    for (const behaviour of REFUSING_BEHAVIOURS) {
      it(`cannot sink a batch: ${behaviour}`, async () => {
        const context = await loadFixture(channelFixture);
        const { escrow, operator } = context;
        const { wallet, claim, id } = await walletClaim(context, opg(3));
        const good = await voucherClaim(context, opg(2));
        // Where it re-enters, with a claim that would be paid.
        const inner = escrow.interface.encodeFunctionData("claim", [packClaims([good])]);
        await wallet.behave(BEHAVIOURS[behaviour], escrow, inner);
        const claiming = await submit(context, claim, good);
        await expect(claiming).to.emit(escrow, "ClaimSkipped").withArgs(id, REFUSALS.BadSignature);
        expect(await escrow.earningsOf(operator)).to.equal(opg(2));
        const receipt = await claiming.wait();
        expect(receipt?.gasUsed).to.be.lessThan(300_000n);
      });
    }

    it("that answer yes at length are taken at their word, and not copied", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator } = context;
      const { wallet, claim } = await walletClaim(context, opg(3));
      await wallet.behave(BEHAVIOURS.ReturnBomb, escrow, "0x");
      const receipt = await (await submit(context, claim)).wait();
      expect(await escrow.earningsOf(operator)).to.equal(opg(3));
      expect(receipt?.gasUsed).to.be.lessThan(300_000n);
    });

    it("are not skipped because the caller brought too little gas", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow } = context;
      const { claim } = await walletClaim(context, opg(3));
      const packed = packClaims([claim]);
      await expect(escrow.claim(packed, { gasLimit: 170_000 })).to.be.revertedWithCustomError(
        escrow,
        "BoundedCallInsufficientGas",
      );
    });
  });

  describe("meters", () => {
    async function metered() {
      const context = await channelFixture();
      await context.escrow.setAttestedKeys(context.keys);
      return context;
    }

    it("are refused until governance names who knows attested keys", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, keys, stranger, id, manager } = context;
      await escrow.setAttestedKeys(ZeroAddress);
      const claim = await meteredClaim(context);
      await expect(submit(context, claim))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.MeteringDisabled);
      await expect(escrow.connect(stranger).setAttestedKeys(keys))
        .to.be.revertedWithCustomError(escrow, "AccessManagedUnauthorized")
        .withArgs(stranger);
      expect(await manager.getTargetFunctionRole(escrow, "0x00000000")).to.equal(0);
      await expect(escrow.setAttestedKeys(keys))
        .to.emit(escrow, "AttestedKeysChanged")
        .withArgs(keys);
      expect(await escrow.attestedKeys()).to.equal(await keys.getAddress());
      await expect(submit(context, claim)).to.emit(escrow, "ChannelClaimed").withArgs(id, opg(20));
    });

    it("are paid for up to the payer's cap", async () => {
      const context = await loadFixture(metered);
      const { escrow, operator, id } = context;
      await submit(context, await meteredClaim(context, { usage: opg(20) }));
      await submit(context, await meteredClaim(context, { usage: opg(70) }));
      expect(await escrow.earningsOf(operator)).to.equal(opg(50));
      await expect(submit(context, await meteredClaim(context, { usage: opg(80) })))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.NotIncreasing);
      await submit(context, await meteredClaim(context, { usage: opg(80), cap: DEPOSIT }));
      expect(await escrow.earningsOf(operator)).to.equal(opg(80));
    });

    it("count only if their key was attested when they measured", async () => {
      const context = await loadFixture(metered);
      const { escrow, id, keys, meter } = context;
      const now = BigInt(await time.latest());
      await keys.attest(meter, now - 100n, now - 50n);
      for (const timestamp of [now - 101n, now - 50n]) {
        await expect(submit(context, await meteredClaim(context, { timestamp })))
          .to.emit(escrow, "ClaimSkipped")
          .withArgs(id, REFUSALS.MeterNotAttested);
      }
      await expect(submit(context, await meteredClaim(context, { timestamp: now + 3_600n })))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.UsageInFuture);
      for (const [timestamp, usage] of [
        [now - 100n, 1n],
        [now - 51n, 2n],
      ] as const) {
        await expect(submit(context, await meteredClaim(context, { timestamp, usage })))
          .to.emit(escrow, "ChannelClaimed")
          .withArgs(id, usage);
      }
    });

    it("skip alone when the source of keys fails, or has no code", async () => {
      const context = await loadFixture(metered);
      const { escrow, id, keys, stranger, operator } = context;
      await keys.setBroken(true);
      const voucher = await voucherClaim(context, opg(1));
      await expect(submit(context, await meteredClaim(context), voucher))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.MeterNotAttested);
      expect(await escrow.earningsOf(operator)).to.equal(opg(1));
      await escrow.setAttestedKeys(stranger);
      await expect(submit(context, await meteredClaim(context)))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.MeterNotAttested);
    });

    it("are not replaced by nobody: a usage without a signature is no usage", async () => {
      const context = await loadFixture(metered);
      const { escrow, deployment, payer, keys, id } = context;
      // Even if the payer's cap names nobody, and nobody is attested.
      await keys.attest(ZeroAddress, 0, 2n ** 63n);
      const cap = { channelId: id, meter: ZeroAddress, cap: opg(50) };
      const signature = await signChannelMessage(deployment, payer, "MeteringCap", cap);
      const claim = { ...(await meteredClaim(context)), signature };
      if (claim.kind !== "metered") throw new Error("not metered");
      await expect(submit(context, { ...claim, meterSignature: `0x${"00".repeat(64)}` }))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.BadSignature);
    });
  });
});
