import { expect } from "chai";
import { id, MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import { signPermit } from "../sdk/permit.ts";
import { publish, tinyModel } from "./fixtures/models.ts";
import { type Signer, ethers, loadFixture } from "./fixtures/network.ts";
import { fundedProtocol, opg, PARAMETERS, type Fixture } from "./fixtures/protocol.ts";

const REQUEST = id("request");

describe("FeeEscrow", () => {
  /** The keeper plays the market that the payer authorised. */
  async function fixture() {
    const protocol = await fundedProtocol();
    const { feeEscrow: escrow, payer, keeper } = protocol;
    await escrow.connect(payer).deposit(payer, opg(100));
    await escrow.connect(payer).authorizeLocker(keeper);
    return { ...protocol, escrow, market: keeper };
  }

  async function locked() {
    const context = await fixture();
    await context.escrow.connect(context.market).lock(REQUEST, context.payer, opg(60));
    return context;
  }

  describe("deposit", () => {
    it("moves OPG into any account", async () => {
      const { escrow, opg: token, payer, stranger } = await loadFixture(fixture);
      const deposit = escrow.connect(payer).deposit(stranger, opg(5));
      await expect(deposit).to.emit(escrow, "Deposited").withArgs(stranger, payer, opg(5));
      await expect(deposit).to.changeTokenBalances(
        ethers,
        token,
        [payer, escrow],
        [-opg(5), opg(5)],
      );
      expect(await escrow.balanceOf(stranger)).to.equal(opg(5));
    });

    it("refuses nothing, nobody, and more than the caller has", async () => {
      const { escrow, opg: token, payer } = await loadFixture(fixture);
      await expect(escrow.deposit(payer, 0)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAmount",
      );
      await expect(escrow.deposit(ZeroAddress, 1)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAddress",
      );
      const all = await token.balanceOf(payer);
      await expect(escrow.connect(payer).deposit(payer, all + 1n))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(payer, all, all + 1n);
    });

    it("refuses more than all OPG there is", async () => {
      const { escrow, payer } = await loadFixture(fixture);
      await expect(escrow.deposit(payer, MaxUint256)).to.be.revertedWithPanic(0x11);
      await expect(escrow.deposit(payer, 2n ** 96n))
        .to.be.revertedWithCustomError(escrow, "SafeCastOverflowedUintDowncast")
        .withArgs(96, opg(100) + 2n ** 96n);
    });

    function permit({ feeEscrow, deployment }: Fixture, owner: Signer, value: bigint) {
      return signPermit(deployment, owner, { spender: feeEscrow, value, deadline: MaxUint256 });
    }

    it("takes the approval as a signature, even if somebody used it first", async () => {
      const context = await loadFixture(fixture);
      const { escrow, opg: token, stranger, keeper } = context;
      await token.connect(stranger).approve(escrow, 0);
      for (const frontRun of [false, true]) {
        const { v, r, s } = await permit(context, stranger, opg(7));
        if (frontRun)
          await token.connect(keeper).permit(stranger, escrow, opg(7), MaxUint256, v, r, s);
        await escrow.connect(stranger).depositWithPermit(stranger, opg(7), MaxUint256, v, r, s);
      }
      expect(await escrow.balanceOf(stranger)).to.equal(opg(14));
    });

    it("refuses somebody else's signature", async () => {
      const context = await loadFixture(fixture);
      const { escrow, opg: token, payer, stranger } = context;
      await token.connect(stranger).approve(escrow, 0);
      const { v, r, s } = await permit(context, payer, opg(7));
      await expect(
        escrow.connect(stranger).depositWithPermit(stranger, opg(7), MaxUint256, v, r, s),
      )
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(escrow, 0, opg(7));
    });

    it("fits into one transaction with the authorisation", async () => {
      const context = await loadFixture(fixture);
      const { escrow, stranger, keeper } = context;
      const { v, r, s } = await permit(context, stranger, opg(7));
      const { interface: abi } = escrow;
      await escrow
        .connect(stranger)
        .multicall([
          abi.encodeFunctionData("depositWithPermit", [
            stranger.address,
            opg(7),
            MaxUint256,
            v,
            r,
            s,
          ]),
          abi.encodeFunctionData("authorizeLocker", [keeper.address]),
        ]);
      expect(await escrow.balanceOf(stranger)).to.equal(opg(7));
      expect(await escrow.lockerOf(stranger)).to.equal(keeper.address);
    });
  });

  describe("withdraw", () => {
    it("moves the caller's OPG wherever it says", async () => {
      const { escrow, opg: token, payer, stranger } = await loadFixture(fixture);
      const withdraw = escrow.connect(payer).withdraw(opg(30), stranger);
      await expect(withdraw).to.emit(escrow, "Withdrawn").withArgs(payer, stranger, opg(30));
      await expect(withdraw).to.changeTokenBalances(
        ethers,
        token,
        [escrow, stranger],
        [-opg(30), opg(30)],
      );
      expect(await escrow.balanceOf(payer)).to.equal(opg(70));
    });

    it("refuses nothing, nobody, and more than there is", async () => {
      const { escrow, payer, stranger } = await loadFixture(fixture);
      await expect(escrow.connect(payer).withdraw(0, payer)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAmount",
      );
      await expect(escrow.connect(payer).withdraw(1, ZeroAddress)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAddress",
      );
      await expect(escrow.connect(payer).withdraw(opg(100) + 1n, payer))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowInsufficientBalance")
        .withArgs(payer, opg(100), opg(100) + 1n);
      await expect(escrow.connect(stranger).withdraw(1, stranger))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowInsufficientBalance")
        .withArgs(stranger, 0, 1);
    });
  });

  describe("payOut", () => {
    it("sends everything to the address that the account named, whoever calls", async () => {
      const { escrow, opg: token, payer, stranger, publisher } = await loadFixture(fixture);
      await expect(escrow.connect(payer).setPayoutAddress(publisher))
        .to.emit(escrow, "PayoutAddressChanged")
        .withArgs(payer, publisher);
      expect(await escrow.payoutAddressOf(payer)).to.equal(publisher.address);
      await expect(escrow.connect(stranger).payOut(payer)).to.changeTokenBalance(
        ethers,
        token,
        publisher,
        opg(100),
      );
      await expect(escrow.payOut(payer)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAmount",
      );
    });

    it("collects earnings on the way", async () => {
      const { escrow, opg: token, market, operator, stranger } = await loadFixture(locked);
      await escrow.connect(market).release({
        requestId: REQUEST,
        node: operator,
        modelId: ZeroHash,
        fee: opg(60),
        royalty: 0,
      });
      await escrow.connect(operator).setPayoutAddress(stranger);
      await expect(escrow.payOut(operator)).to.changeTokenBalance(ethers, token, stranger, opg(57));
    });

    it("needs an address", async () => {
      const { escrow, payer } = await loadFixture(fixture);
      await expect(escrow.payOut(payer))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowNoPayoutAddress")
        .withArgs(payer);
    });
  });

  describe("lock", () => {
    it("puts money of the payer aside", async () => {
      const { escrow, market, payer } = await loadFixture(fixture);
      await expect(escrow.connect(market).lock(REQUEST, payer, opg(60)))
        .to.emit(escrow, "FeeLocked")
        .withArgs(market, REQUEST, payer, opg(60));
      expect(await escrow.balanceOf(payer)).to.equal(opg(40));
      expect(await escrow.lockOf(market, REQUEST)).to.deep.equal([payer.address, opg(60)]);
    });

    it("is for the contract that the payer authorised, and no other", async () => {
      const { escrow, market, payer, stranger } = await loadFixture(fixture);
      await expect(escrow.connect(stranger).lock(REQUEST, payer, 1))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowLockerNotAuthorized")
        .withArgs(payer, stranger, market);
      await escrow.connect(payer).authorizeLocker(stranger);
      await expect(escrow.connect(market).lock(REQUEST, payer, 1))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowLockerNotAuthorized")
        .withArgs(payer, market, stranger);
      await escrow.connect(payer).authorizeLocker(ZeroAddress);
      await expect(escrow.connect(stranger).lock(REQUEST, payer, 1))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowLockerNotAuthorized")
        .withArgs(payer, stranger, ZeroAddress);
    });

    it("refuses nothing, the same request twice, and more than there is", async () => {
      const { escrow, market, payer } = await loadFixture(locked);
      await expect(
        escrow.connect(market).lock(id("other"), payer, 0),
      ).to.be.revertedWithCustomError(escrow, "FeeEscrowZeroAmount");
      await expect(escrow.connect(market).lock(REQUEST, payer, 1))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowAlreadyLocked")
        .withArgs(market, REQUEST);
      await expect(escrow.connect(market).lock(id("other"), payer, opg(40) + 1n))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowInsufficientBalance")
        .withArgs(payer, opg(40), opg(40) + 1n);
    });

    it("cannot be withdrawn by its payer", async () => {
      const { escrow, payer } = await loadFixture(locked);
      await expect(escrow.connect(payer).withdraw(opg(41), payer)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowInsufficientBalance",
      );
    });
  });

  describe("release", () => {
    it("splits what was locked between node, model and payer", async () => {
      const { escrow, market, payer, operator } = await loadFixture(locked);
      const settlement = {
        requestId: REQUEST,
        node: operator,
        modelId: id("model"),
        fee: opg(50),
        royalty: opg(8),
      };
      await expect(escrow.connect(market).release(settlement))
        .to.emit(escrow, "FeeReleased")
        .withArgs(market, REQUEST, operator, opg(42), opg(8), opg(10));
      expect(await escrow.earningsOf(operator)).to.equal(opg(42));
      expect(await escrow.royaltiesOf(id("model"))).to.equal(opg(8));
      expect(await escrow.balanceOf(payer)).to.equal(opg(50));
      expect(await escrow.lockOf(market, REQUEST)).to.deep.equal([ZeroAddress, 0n]);
    });

    it("pays no more than was locked, and no more royalty than fee", async () => {
      const { escrow, market, operator } = await loadFixture(locked);
      const settlement = {
        requestId: REQUEST,
        node: operator,
        modelId: ZeroHash,
        fee: opg(60) + 1n,
        royalty: 0n,
      };
      await expect(escrow.connect(market).release(settlement))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowFeeExceedsLock")
        .withArgs(opg(60) + 1n, opg(60));
      await expect(escrow.connect(market).release({ ...settlement, fee: 5n, royalty: 6n }))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowRoyaltyExceedsFee")
        .withArgs(6, 5);
    });

    it("and refund are for the contract that locked, once", async () => {
      const { escrow, market, operator, payer, stranger } = await loadFixture(locked);
      const settlement = {
        requestId: REQUEST,
        node: operator,
        modelId: ZeroHash,
        fee: 1n,
        royalty: 0n,
      };
      for (const caller of [stranger, payer]) {
        for (const call of [
          () => escrow.connect(caller).release(settlement),
          () => escrow.connect(caller).refund(REQUEST),
        ]) {
          await expect(call())
            .to.be.revertedWithCustomError(escrow, "FeeEscrowNotLocked")
            .withArgs(caller, REQUEST);
        }
      }
      await escrow.connect(market).release(settlement);
      for (const call of [
        () => escrow.connect(market).release(settlement),
        () => escrow.connect(market).refund(REQUEST),
      ]) {
        await expect(call())
          .to.be.revertedWithCustomError(escrow, "FeeEscrowNotLocked")
          .withArgs(market, REQUEST);
      }
    });

    it("of many credits each node with all that it earned", async () => {
      const { escrow, market, payer, operator, otherOperator } = await loadFixture(fixture);
      await escrow.connect(payer).authorizeLocker(market);
      const nodes = [operator, otherOperator, otherOperator, operator];
      const settlements = nodes.map((node, i) => ({
        requestId: id(`request ${i}`),
        node,
        modelId: id("model"),
        fee: opg(i + 1),
        royalty: opg(1),
      }));
      for (const { requestId } of settlements)
        await escrow.connect(market).lock(requestId, payer, opg(10));
      await escrow.connect(market).releaseMany(settlements);
      expect(await escrow.earningsOf(operator)).to.equal(opg(3));
      expect(await escrow.earningsOf(otherOperator)).to.equal(opg(3));
      expect(await escrow.royaltiesOf(id("model"))).to.equal(opg(4));
      expect(await escrow.balanceOf(payer)).to.equal(opg(100 - 10));
    });

    it("of many releases all of them or none", async () => {
      const { escrow, market, operator } = await loadFixture(locked);
      const good = { requestId: REQUEST, node: operator, modelId: ZeroHash, fee: 1n, royalty: 0n };
      await expect(escrow.connect(market).releaseMany([good, good]))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowNotLocked")
        .withArgs(market, REQUEST);
      expect(await escrow.earningsOf(operator)).to.equal(0);
      await escrow.connect(market).releaseMany([]);
      await escrow.connect(market).releaseMany([good]);
      expect(await escrow.earningsOf(operator)).to.equal(1n);
    });

    it("still works for a locker that the payer dismissed", async () => {
      const { escrow, market, payer, operator } = await loadFixture(locked);
      await escrow.connect(payer).authorizeLocker(ZeroAddress);
      await escrow.connect(market).release({
        requestId: REQUEST,
        node: operator,
        modelId: ZeroHash,
        fee: opg(60),
        royalty: 0,
      });
    });
  });

  describe("parts of a lock", () => {
    it("are paid to anybody or back, and the rest stays until nothing is left", async () => {
      const { escrow, market, payer, stranger, operator } = await loadFixture(locked);
      const before = await escrow.balanceOf(payer);
      const as = escrow.connect(market);
      await expect(as.releasePart(REQUEST, stranger, opg(10)))
        .to.emit(escrow, "FeePartReleased")
        .withArgs(market, REQUEST, stranger, opg(10));
      expect(await escrow.earningsOf(stranger)).to.equal(opg(10));
      await expect(as.refundPart(REQUEST, opg(20)))
        .to.emit(escrow, "FeePartRefunded")
        .withArgs(market, REQUEST, payer, opg(20));
      expect(await escrow.balanceOf(payer)).to.equal(before + opg(20));
      expect((await escrow.lockOf(market, REQUEST)).amount).to.equal(opg(30));
      await expect(as.releasePart(REQUEST, operator, opg(30) + 1n))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowFeeExceedsLock")
        .withArgs(opg(30) + 1n, opg(30));
      await expect(as.refundPart(REQUEST, opg(30) + 1n))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowFeeExceedsLock")
        .withArgs(opg(30) + 1n, opg(30));
      await as.releasePart(REQUEST, operator, opg(30));
      expect((await escrow.lockOf(market, REQUEST)).payer).to.equal(ZeroAddress);
      await expect(as.releasePart(REQUEST, operator, 1))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowNotLocked")
        .withArgs(market, REQUEST);
      // The id is free for another lock.
      await as.lock(REQUEST, payer, 1);
    });

    it("are only the locker's to pay, and not nothing", async () => {
      const { escrow, market, stranger, payer } = await loadFixture(locked);
      for (const other of [stranger, payer])
        for (const paying of [
          () => escrow.connect(other).releasePart(REQUEST, other, 1),
          () => escrow.connect(other).refundPart(REQUEST, 1),
        ])
          await expect(paying())
            .to.be.revertedWithCustomError(escrow, "FeeEscrowNotLocked")
            .withArgs(other, REQUEST);
      const as = escrow.connect(market);
      for (const paying of [
        () => as.releasePart(REQUEST, payer, 0),
        () => as.refundPart(REQUEST, 0),
      ])
        await expect(paying()).to.be.revertedWithCustomError(escrow, "FeeEscrowZeroAmount");
    });
  });

  describe("refund", () => {
    it("gives everything back", async () => {
      const { escrow, market, payer } = await loadFixture(locked);
      await expect(escrow.connect(market).refund(REQUEST))
        .to.emit(escrow, "FeeRefunded")
        .withArgs(market, REQUEST, payer, opg(60));
      expect(await escrow.balanceOf(payer)).to.equal(opg(100));
    });
  });

  describe("collect", () => {
    it("moves earnings to the node's balance, less the treasury's share", async () => {
      const { escrow, market, operator, governor, stranger } = await loadFixture(locked);
      await escrow.connect(market).release({
        requestId: REQUEST,
        node: operator,
        modelId: ZeroHash,
        fee: opg(60),
        royalty: 0,
      });
      await expect(escrow.connect(stranger).collectEarnings(operator))
        .to.emit(escrow, "EarningsCollected")
        .withArgs(operator, opg(57), opg(3));
      expect(await escrow.balanceOf(operator)).to.equal(opg(57));
      expect(await escrow.balanceOf(governor)).to.equal(opg(3));
      await expect(escrow.collectEarnings(operator)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAmount",
      );
    });

    it("rounds the treasury's share down", async () => {
      const { escrow, market, payer, operator } = await loadFixture(fixture);
      await escrow.connect(market).lock(REQUEST, payer, 39);
      await escrow
        .connect(market)
        .release({ requestId: REQUEST, node: operator, modelId: ZeroHash, fee: 39, royalty: 0 });
      await expect(escrow.collectEarnings(operator))
        .to.emit(escrow, "EarningsCollected")
        .withArgs(operator, 38, 1);
    });

    it("pays royalties to whoever publishes the model now", async () => {
      const context = await loadFixture(locked);
      const { escrow, market, operator, publisher, stranger, modelRegistry } = context;
      const { modelId } = await publish(context, await tinyModel());
      await escrow
        .connect(market)
        .release({ requestId: REQUEST, node: operator, modelId, fee: opg(60), royalty: opg(10) });
      await modelRegistry.connect(publisher).transferPublisher(modelId, stranger);
      await modelRegistry.connect(stranger).acceptPublisher(modelId);
      await expect(escrow.collectRoyalties(modelId))
        .to.emit(escrow, "RoyaltiesCollected")
        .withArgs(modelId, stranger, opg(10));
      expect(await escrow.balanceOf(stranger)).to.equal(opg(10));
      await expect(escrow.collectRoyalties(modelId)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAmount",
      );
    });
  });

  describe("governance", () => {
    it("sets treasury and share up to the cap", async () => {
      const { escrow, governor, stranger } = await loadFixture(fixture);
      expect(await escrow.treasury()).to.deep.equal([
        governor.address,
        PARAMETERS.treasuryShareBps,
      ]);
      await expect(escrow.setTreasury(stranger, 2_000))
        .to.emit(escrow, "TreasuryChanged")
        .withArgs(stranger, 2_000);
      expect(await escrow.treasury()).to.deep.equal([stranger.address, 2_000n]);
      await expect(escrow.setTreasury(stranger, 2_001))
        .to.be.revertedWithCustomError(escrow, "FeeEscrowShareTooHigh")
        .withArgs(2_001, 2_000);
      await expect(escrow.setTreasury(ZeroAddress, 1)).to.be.revertedWithCustomError(
        escrow,
        "FeeEscrowZeroAddress",
      );
    });
  });
});
