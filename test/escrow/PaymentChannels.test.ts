import { expect } from "chai";
import { MaxUint256, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import {
  authorizationNonce,
  channelDigest,
  channelId,
  packClaims,
  signChannelAuthorization,
  signChannelMessage,
} from "../../sdk/channel.ts";
import { signPermit } from "../../sdk/permit.ts";
import { HostileWallet__factory } from "../../typechain-types/index.js";
import { inOneBlock } from "../fixtures/blocks.ts";
import {
  BEHAVIOURS,
  channelFixture,
  DEPOSIT,
  REFUSALS,
  submit,
  voucherClaim,
  type ChannelContext,
} from "../fixtures/channels.ts";
import { ethers, loadFixture, networkHelpers, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

/** The same as in `ChannelMessages.t.sol`: anybody's implementation must come to these. */
const VECTORS = {
  deployment: {
    chainId: 8453n,
    addresses: { feeEscrow: "0x3333333333333333333333333333333333333333" },
  },
  terms: {
    payer: "0x1111111111111111111111111111111111111111",
    node: "0x2222222222222222222222222222222222222222",
    salt: 3n,
  },
  meter: "0x5555555555555555555555555555555555555555",
  channelId: "0xf34117f774e75a9fc4df397c2a9867c9f118df8422ecf2a83293fe208191f701",
  voucher: "0x40bd979c1c7753c0e4549fb56611827f2135e0c231ac2b256532e30aee62ca45",
  cap: "0x6a26000e14ffc35ef4e7d104f096953050b97975be857d9a538321393ba7a5fd",
  usage: "0x022b04b05fae94fa7db115bc0345645d7a4f98985a4173a8753b5d5e0935d9f8",
  close: "0xcef8035dad2e295502477c624e5d9d2f34f874b45034af2a42ddb99d9e244299",
  nonce: "0xf39a34c0299f3ee447a20773f51d38346feb104bb2f117911ef7b2c62e3a9839",
} as const;

describe("PaymentChannels", () => {
  describe("hashes", () => {
    it("of the SDK are those of the contract", async () => {
      const { escrow, deployment, terms, id, meter } = await loadFixture(channelFixture);
      for (const salt of [0n, 1n, 2n ** 96n - 1n]) {
        const other = { ...terms, salt };
        expect(await escrow.channelIdOf(terms.payer, terms.node, salt)).to.equal(channelId(other));
      }
      for (const amount of [0n, 1n, 2n ** 96n - 1n]) {
        const total = { channelId: id, cumulative: amount };
        const cap = { channelId: id, meter: meter.address, cap: amount };
        const usage = { channelId: id, usage: amount, timestamp: 2n ** 64n - 1n };
        expect(await escrow.voucherDigestOf(id, amount)).to.equal(
          channelDigest(deployment, "Voucher", total),
        );
        expect(await escrow.cooperativeCloseDigestOf(id, amount)).to.equal(
          channelDigest(deployment, "CooperativeClose", total),
        );
        expect(await escrow.meteringCapDigestOf(id, meter, amount)).to.equal(
          channelDigest(deployment, "MeteringCap", cap),
        );
        expect(await escrow.usageDigestOf(id, amount, usage.timestamp)).to.equal(
          channelDigest(deployment, "Usage", usage),
        );
      }
      expect(await escrow.authorizationNonceOf(id, ZeroHash)).to.equal(
        authorizationNonce(id, ZeroHash),
      );
    });

    it("are these", () => {
      const { deployment, terms, channelId: id, meter } = VECTORS;
      expect(channelId(terms)).to.equal(id);
      const total = { channelId: id, cumulative: 5n };
      const cap = { channelId: id, meter, cap: 6n };
      const usage = { channelId: id, usage: 7n, timestamp: 8n };
      expect(channelDigest(deployment, "Voucher", total)).to.equal(VECTORS.voucher);
      expect(channelDigest(deployment, "MeteringCap", cap)).to.equal(VECTORS.cap);
      expect(channelDigest(deployment, "Usage", usage)).to.equal(VECTORS.usage);
      expect(channelDigest(deployment, "CooperativeClose", total)).to.equal(VECTORS.close);
      expect(authorizationNonce(id, toBeHex(9, 32))).to.equal(VECTORS.nonce);
    });
  });

  describe("open", () => {
    it("moves OPG of the payer into the channel", async () => {
      const { escrow, opg: token, payer, operator } = await loadFixture(channelFixture);
      const id = await escrow.channelIdOf(payer, operator, 1);
      const open = escrow.connect(payer).openChannel(operator, 1, opg(7));
      await expect(open).to.emit(escrow, "ChannelOpened").withArgs(id, payer, operator, 1, opg(7));
      await expect(open).to.changeTokenBalances(ethers, token, [payer, escrow], [-opg(7), opg(7)]);
      expect(await escrow.channelOf(id)).to.deep.equal([1n, opg(7), 0n, 0n]);
    });

    it("refuses nothing, nobody, the same channel twice, and more than there is", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, opg: token, payer, operator, id } = context;
      const paying = escrow.connect(payer);
      await expect(paying.openChannel(operator, 1, 0)).to.be.revertedWithCustomError(
        escrow,
        "PaymentChannelsZeroAmount",
      );
      await expect(paying.openChannel(ZeroAddress, 1, 1)).to.be.revertedWithCustomError(
        escrow,
        "PaymentChannelsZeroAddress",
      );
      await expect(paying.openChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsAlreadyOpened")
        .withArgs(id);
      const all = await token.balanceOf(payer);
      await expect(paying.openChannel(operator, 1, 2n ** 96n - 1n))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(payer, all, 2n ** 96n - 1n);
    });

    it("takes the approval as a signature, even if somebody used it first", async () => {
      const {
        escrow,
        opg: token,
        deployment,
        payer,
        operator,
        keeper,
      } = await loadFixture(channelFixture);
      await token.connect(payer).approve(escrow, 0);
      const permission = { spender: escrow, value: opg(7), deadline: MaxUint256 };
      for (const salt of [1n, 2n]) {
        const { v, r, s } = await signPermit(deployment, payer, permission);
        if (salt === 2n)
          await token.connect(keeper).permit(payer, escrow, opg(7), MaxUint256, v, r, s);
        const permit = { deadline: MaxUint256, v, r, s };
        await escrow.connect(payer).openChannelWithPermit(operator, salt, opg(7), permit);
      }
      const { v, r, s } = await signPermit(deployment, payer, permission);
      const permit = { deadline: MaxUint256, v, r, s };
      await escrow.connect(payer).fundChannelWithPermit(operator, 2, opg(7), permit);
      const id = await escrow.channelIdOf(payer, operator, 2);
      expect((await escrow.channelOf(id)).deposit).to.equal(opg(14));
      // Used up by now.
      await expect(escrow.connect(payer).fundChannelWithPermit(operator, 2, opg(7), permit))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(escrow, 0, opg(7));
    });

    it("takes the transfer as a signature that names the channel, whoever submits it", async () => {
      const {
        escrow,
        opg: token,
        deployment,
        payer,
        operator,
        keeper,
      } = await loadFixture(channelFixture);
      await token.connect(payer).approve(escrow, 0);
      const id = await escrow.channelIdOf(payer, operator, 1);
      const sign = (nonceSalt: string) =>
        signChannelAuthorization(deployment, payer, {
          channelId: id,
          amount: opg(7),
          validAfter: 0n,
          validBefore: 2n ** 40n,
          nonceSalt,
        });
      const first = await sign(ZeroHash);
      const submitting = escrow.connect(keeper);
      await expect(
        submitting.openChannelWithAuthorization(payer, operator, 2, opg(7), first),
      ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
      await expect(
        submitting.openChannelWithAuthorization(payer, operator, 1, opg(8), first),
      ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
      await submitting.openChannelWithAuthorization(payer, operator, 1, opg(7), first);
      await expect(submitting.fundChannelWithAuthorization(payer, operator, 1, opg(7), first))
        .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
        .withArgs(payer, authorizationNonce(id, ZeroHash));
      const second = await sign(toBeHex(1, 32));
      await submitting.fundChannelWithAuthorization(payer, operator, 1, opg(7), second);
      expect((await escrow.channelOf(id)).deposit).to.equal(opg(14));
    });
  });

  describe("fund", () => {
    it("adds to an open channel of the caller's, and to no other", async () => {
      const { escrow, payer, operator, stranger, id } = await loadFixture(channelFixture);
      await expect(escrow.connect(payer).fundChannel(operator, 0, opg(5)))
        .to.emit(escrow, "ChannelFunded")
        .withArgs(id, opg(5), opg(105));
      await expect(escrow.connect(payer).fundChannel(operator, 0, 0)).to.be.revertedWithCustomError(
        escrow,
        "PaymentChannelsZeroAmount",
      );
      await expect(escrow.connect(stranger).fundChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(await escrow.channelIdOf(stranger, operator, 0), 0);
    });

    it("is refused once the channel is closing, and after", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator, id } = context;
      await escrow.connect(payer).startClose(operator, 0);
      await expect(escrow.connect(payer).fundChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(id, 2);
      await escrow.connect(operator).closeByNode(payer, 0);
      await expect(escrow.connect(payer).fundChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(id, 3);
    });
  });

  describe("limits", () => {
    it("of a node bound what a channel to it holds", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator } = context;
      await expect(escrow.connect(operator).setExposureLimits(opg(100), opg(3)))
        .to.emit(escrow, "ExposureLimitsChanged")
        .withArgs(operator, [opg(100), opg(3), 1n]);
      expect(await escrow.exposureLimitsOf(operator)).to.deep.equal([opg(100), opg(3), 1n]);
      expect(await escrow.maxPerRequest(operator)).to.equal(opg(3));
      expect(await escrow.maxPerRequest(payer)).to.equal(MaxUint256);
      const paying = escrow.connect(payer);
      await expect(paying.openChannel(operator, 1, opg(100) + 1n))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsOverLimit")
        .withArgs(operator, opg(100) + 1n, opg(100));
      await expect(paying.fundChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsOverLimit")
        .withArgs(operator, opg(100) + 1n, opg(100));
      // What the node has is no exposure any more.
      await submit(context, await voucherClaim(context, 1n));
      await paying.fundChannel(operator, 0, 1);
      await escrow.connect(operator).setExposureLimits(0, 0);
      await paying.fundChannel(operator, 0, opg(500));
    });

    it("takes limits that the node signed from anybody, each newer than the last", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator, stranger, deployment } = context;
      const sign = (sequence: bigint, perRequest = opg(3)) => {
        const limits = { perChannel: opg(100), perRequest, sequence };
        const message = { node: operator.address, ...limits };
        return signChannelMessage(deployment, operator, "ExposureLimits", message).then(
          (signature) => ({ limits, signature }),
        );
      };
      const publish = async ({ limits, signature }: Awaited<ReturnType<typeof sign>>) =>
        escrow.connect(stranger).publishExposureLimits(operator, limits, signature);
      const first = await sign(5n);
      await expect(publish(first))
        .to.emit(escrow, "ExposureLimitsChanged")
        .withArgs(operator, [opg(100), opg(3), 5n]);
      expect(await escrow.maxPerRequest(operator)).to.equal(opg(3));
      for (const sequence of [4n, 5n]) {
        await expect(publish(await sign(sequence, opg(900))))
          .to.be.revertedWithCustomError(escrow, "PaymentChannelsOldLimits")
          .withArgs(operator, sequence, 5n);
      }
      // A transaction of the node's own counts as the next one.
      const prepared = await sign(6n, 0n);
      await escrow.connect(operator).setExposureLimits(opg(1), opg(1));
      await expect(publish(prepared))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsOldLimits")
        .withArgs(operator, 6n, 6n);
      await publish(await sign(7n, opg(2)));
      expect(await escrow.exposureLimitsOf(operator)).to.deep.equal([opg(100), opg(2), 7n]);
    });

    it("takes limits of nobody but the node, and not others than it signed", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, operator, stranger, deployment } = context;
      const limits = { perChannel: 0n, perRequest: 0n, sequence: 1n };
      const message = { node: operator.address, ...limits };
      const forged = await signChannelMessage(deployment, stranger, "ExposureLimits", message);
      const signed = await signChannelMessage(deployment, operator, "ExposureLimits", message);
      for (const [changed, signature] of [
        [limits, forged],
        [limits, "0x"],
        [{ ...limits, perChannel: 1n }, signed],
        [{ ...limits, perRequest: 1n }, signed],
        [{ ...limits, sequence: 2n }, signed],
      ] as const) {
        await expect(escrow.publishExposureLimits(operator, changed, signature))
          .to.be.revertedWithCustomError(escrow, "PaymentChannelsBadSignature")
          .withArgs(operator);
      }
      expect(await escrow.exposureLimitsDigestOf(operator, limits)).to.equal(
        channelDigest(deployment, "ExposureLimits", message),
      );
    });
  });

  describe("close", () => {
    it("gives the payer back what the node did not claim in time", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator, stranger, id } = context;
      await escrow.connect(payer).startClose(operator, 0);
      const closesAt = BigInt(await time.latest()) + (await escrow.CLAIM_WINDOW());
      expect(await escrow.channelOf(id)).to.deep.equal([2n, DEPOSIT, 0n, closesAt]);
      await submit(context, await voucherClaim(context, opg(30)));
      await time.setNextBlockTimestamp(closesAt - 1n);
      await expect(escrow.close(payer, operator, 0))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsTooEarly")
        .withArgs(id, closesAt - 1n, closesAt);
      await time.setNextBlockTimestamp(closesAt);
      await expect(escrow.connect(stranger).close(payer, operator, 0))
        .to.emit(escrow, "ChannelClosed")
        .withArgs(id, opg(30), opg(70));
      expect(await escrow.balanceOf(payer)).to.equal(opg(70));
      expect(await escrow.channelOf(id)).to.deep.equal([3n, opg(30), opg(30), 0n]);
    });

    it("is announced once, by the payer, and waits for its announcement", async () => {
      const { escrow, payer, operator, id } = await loadFixture(channelFixture);
      await expect(escrow.connect(operator).startClose(operator, 0))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(await escrow.channelIdOf(operator, operator, 0), 0);
      await expect(escrow.close(payer, operator, 0))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(id, 1);
      await escrow.connect(payer).startClose(operator, 0);
      await expect(escrow.connect(payer).startClose(operator, 0))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(id, 2);
    });

    for (const claimFirst of [true, false]) {
      it(`races a claim in one block: ${claimFirst ? "claim" : "close"} first`, async () => {
        const context = await loadFixture(channelFixture);
        const { escrow, payer, operator, id, keeper } = context;
        await escrow.connect(payer).startClose(operator, 0);
        await time.increase(await escrow.CLAIM_WINDOW());
        const packed = packClaims([await voucherClaim(context, opg(40))]);
        await networkHelpers.mine();
        const calls = [
          () => escrow.connect(keeper).claim(packed, { gasLimit: 500_000 }),
          () => escrow.connect(payer).close(payer, operator, 0, { gasLimit: 500_000 }),
        ];
        await inOneBlock(claimFirst ? calls : calls.reverse());
        const paid = claimFirst ? opg(40) : 0n;
        expect(await escrow.earningsOf(operator)).to.equal(paid);
        expect(await escrow.balanceOf(payer)).to.equal(DEPOSIT - paid);
        if (!claimFirst) {
          await expect(escrow.claim(packed))
            .to.emit(escrow, "ClaimSkipped")
            .withArgs(id, REFUSALS.ChannelClosed);
        }
      });
    }

    it("is for good: the channel opens no more, and its vouchers are void", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator, id } = context;
      const voucher = await voucherClaim(context, opg(40));
      await escrow.connect(operator).closeByNode(payer, 0);
      await expect(submit(context, voucher))
        .to.emit(escrow, "ClaimSkipped")
        .withArgs(id, REFUSALS.ChannelClosed);
      await expect(escrow.connect(payer).openChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsAlreadyOpened")
        .withArgs(id);
      for (const call of [
        () => escrow.close(payer, operator, 0),
        () => escrow.connect(payer).startClose(operator, 0),
        () => escrow.connect(operator).closeByNode(payer, 0),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
          .withArgs(id, 3);
      }
    });

    it("by the node can follow its last claim in one transaction", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator } = context;
      const { interface: abi } = escrow;
      const packed = packClaims([await voucherClaim(context, opg(40))]);
      await escrow
        .connect(operator)
        .multicall([
          abi.encodeFunctionData("claim", [packed]),
          abi.encodeFunctionData("closeByNode", [payer.address, 0]),
        ]);
      expect(await escrow.earningsOf(operator)).to.equal(opg(40));
      expect(await escrow.balanceOf(payer)).to.equal(opg(60));
    });
  });

  describe("close cooperatively", () => {
    function consent({ deployment, operator, id }: ChannelContext, cumulative: bigint) {
      const message = { channelId: id, cumulative };
      return signChannelMessage(deployment, operator, "CooperativeClose", message);
    }

    it("pays the node what it asks for, and the payer the rest", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator, id } = context;
      await submit(context, await voucherClaim(context, opg(10)));
      const signature = await consent(context, opg(25));
      const close = escrow.connect(payer).closeCooperatively(operator, 0, opg(25), signature);
      await expect(close).to.emit(escrow, "ChannelClaimed").withArgs(id, opg(25));
      await expect(close).to.emit(escrow, "ChannelClosed").withArgs(id, opg(25), opg(75));
      expect(await escrow.earningsOf(operator)).to.equal(opg(25));
      expect(await escrow.balanceOf(payer)).to.equal(opg(75));
      await expect(escrow.connect(payer).closeCooperatively(operator, 0, opg(25), signature))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(id, 3);
    });

    it("takes nothing back that the node has", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator } = context;
      const signature = await consent(context, opg(5));
      await submit(context, await voucherClaim(context, opg(10)));
      await escrow.connect(payer).closeCooperatively(operator, 0, opg(5), signature);
      expect(await escrow.earningsOf(operator)).to.equal(opg(10));
      expect(await escrow.balanceOf(payer)).to.equal(opg(90));
    });

    it("works while the channel is closing", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator } = context;
      await escrow.connect(payer).startClose(operator, 0);
      const signature = await consent(context, 0n);
      await escrow.connect(payer).closeCooperatively(operator, 0, 0, signature);
      expect(await escrow.balanceOf(payer)).to.equal(DEPOSIT);
    });

    it("needs the node's word for this amount of this channel, no voucher, and the payer", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer, operator, stranger, deployment, id } = context;
      const signature = await consent(context, opg(5));
      const voucher = await signChannelMessage(deployment, operator, "Voucher", {
        channelId: id,
        cumulative: opg(6),
      });
      const padded = `${signature}00`;
      for (const [amount, bad] of [
        [opg(6), signature],
        [opg(6), voucher],
        [opg(5), padded],
        [opg(5), "0x"],
      ] as const) {
        await expect(escrow.connect(payer).closeCooperatively(operator, 0, amount, bad))
          .to.be.revertedWithCustomError(escrow, "PaymentChannelsBadSignature")
          .withArgs(operator);
      }
      await expect(escrow.connect(stranger).closeCooperatively(operator, 0, opg(5), signature))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsWrongStatus")
        .withArgs(await escrow.channelIdOf(stranger, operator, 0), 0);
    });

    it("asks a node that is a contract", async () => {
      const context = await loadFixture(channelFixture);
      const { escrow, payer } = context;
      const node = await new HostileWallet__factory(payer).deploy(payer);
      await escrow.connect(payer).openChannel(node, 0, opg(1));
      await node.behave(BEHAVIOURS.BurnGas, ZeroAddress, "0x");
      await expect(escrow.connect(payer).closeCooperatively(node, 0, 0, "0x"))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsBadSignature")
        .withArgs(node);
      await node.behave(BEHAVIOURS.AcceptAll, ZeroAddress, "0x");
      await escrow.connect(payer).closeCooperatively(node, 0, 0, "0x");
      expect(await escrow.balanceOf(payer)).to.equal(opg(1));
    });
  });
});
