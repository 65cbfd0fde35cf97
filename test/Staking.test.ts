import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ROLES } from "../deploy/roles.ts";
import { ethers, loadFixture, time } from "./fixtures/network.ts";
import { fundedProtocol, opg, PARAMETERS } from "./fixtures/protocol.ts";

/** As far as collateral can be locked, nearly: the chain's time moves on while a test runs. */
const FAR = Math.floor(Date.now() / 1_000) + 50 * 86_400;

describe("Staking", () => {
  /** The keeper plays a market here, the stranger another one. */
  async function fixture() {
    const protocol = await fundedProtocol();
    const { manager, staking, operator, keeper, stranger } = protocol;
    await manager.grantRole(ROLES.market, keeper, 0);
    await manager.grantRole(ROLES.market, stranger, 0);
    await staking.connect(operator).stake(operator, opg(1_000));
    return { ...protocol, market: keeper, otherMarket: stranger };
  }

  describe("stake", () => {
    it("moves OPG into the operator's pool, whoever pays", async () => {
      const { staking, opg: token, operator, payer } = await loadFixture(fixture);
      const stake = staking.connect(payer).stake(operator, opg(5));
      await expect(stake).to.emit(staking, "StakeAdded").withArgs(operator, payer, opg(5));
      await expect(stake).to.changeTokenBalances(
        ethers,
        token,
        [payer, staking],
        [-opg(5), opg(5)],
      );
      expect(await staking.poolOf(operator)).to.deep.equal([opg(1_005), 0n]);
    });

    it("refuses nothing, and nobody", async () => {
      const { staking, operator } = await loadFixture(fixture);
      await expect(staking.stake(operator, 0)).to.be.revertedWithCustomError(
        staking,
        "StakingZeroAmount",
      );
      await expect(staking.stake(ZeroAddress, 1)).to.be.revertedWithCustomError(
        staking,
        "StakingZeroAddress",
      );
    });

    it("refuses amounts beyond 120 bits", async () => {
      const { staking, operator } = await loadFixture(fixture);
      await expect(staking.stake(operator, 2n ** 120n))
        .to.be.revertedWithCustomError(staking, "SafeCastOverflowedUintDowncast")
        .withArgs(120, 2n ** 120n);
    });

    it("for somebody else's purse is the node registry's alone", async () => {
      const { staking, operator, payer } = await loadFixture(fixture);
      await expect(staking.connect(payer).stakeFrom(operator, 1))
        .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
        .withArgs(payer);
    });
  });

  describe("unstake", () => {
    it("pays out after the unbonding period, not a second earlier", async () => {
      const { staking, opg: token, operator, payer } = await loadFixture(fixture);
      const begin = await staking.connect(operator).beginUnstake(operator, opg(300));
      const releaseTime = BigInt(await time.latest()) + PARAMETERS.unbondingSeconds;
      await expect(begin)
        .to.emit(staking, "UnstakeBegun")
        .withArgs(operator, operator, opg(300), releaseTime);
      expect(await staking.poolOf(operator)).to.deep.equal([opg(700), 0n]);
      expect(await staking.unbondingOf(operator, operator)).to.deep.equal([
        [opg(300), releaseTime],
      ]);

      await time.setNextBlockTimestamp(releaseTime - 1n);
      await expect(staking.connect(payer).withdraw(operator, operator))
        .to.be.revertedWithCustomError(staking, "StakingStillUnbonding")
        .withArgs(releaseTime - 1n, releaseTime);
      await time.setNextBlockTimestamp(releaseTime);
      const withdraw = staking.connect(payer).withdraw(operator, operator);
      await expect(withdraw)
        .to.emit(staking, "UnstakeFinished")
        .withArgs(operator, operator, opg(300));
      await expect(withdraw).to.changeTokenBalance(ethers, token, operator, opg(300));
      await expect(staking.connect(payer).withdraw(operator, operator))
        .to.be.revertedWithCustomError(staking, "StakingNothingUnbonding")
        .withArgs(operator, operator);
    });

    it("releases each tranche when its own time has come", async () => {
      const { staking, opg: token, operator, stranger } = await loadFixture(fixture);
      await staking.connect(operator).beginUnstake(operator, opg(300));
      const first = BigInt(await time.latest()) + PARAMETERS.unbondingSeconds;
      await time.increase(1_000);
      await staking.connect(operator).beginUnstake(operator, opg(100));
      const second = BigInt(await time.latest()) + PARAMETERS.unbondingSeconds;
      expect(await staking.unbondingOf(operator, operator)).to.deep.equal([
        [opg(300), first],
        [opg(100), second],
      ]);
      await time.setNextBlockTimestamp(first);
      await expect(staking.connect(stranger).withdraw(operator, operator)).to.changeTokenBalance(
        ethers,
        token,
        operator,
        opg(300),
      );
      expect(await staking.unbondingOf(operator, operator)).to.deep.equal([[opg(100), second]]);
    });

    it("refuses a ninth tranche", async () => {
      const { staking, operator } = await loadFixture(fixture);
      for (let i = 0; i < 8; i++) await staking.connect(operator).beginUnstake(operator, 1);
      await expect(staking.connect(operator).beginUnstake(operator, 1))
        .to.be.revertedWithCustomError(staking, "StakingTooManyTranches")
        .withArgs(operator, operator, 8);
    });

    it("keeps its time when the period changes", async () => {
      const { staking, operator } = await loadFixture(fixture);
      await staking.connect(operator).beginUnstake(operator, opg(1));
      const before = await staking.unbondingOf(operator, operator);
      await staking.setUnbondingPeriod(864_000);
      expect(await staking.unbondingOf(operator, operator)).to.deep.equal(before);
    });

    it("does not touch collateral", async () => {
      const { staking, market, operator } = await loadFixture(fixture);
      await staking.connect(market).lock(operator, opg(900), FAR);
      await expect(staking.connect(operator).beginUnstake(operator, opg(101)))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
        .withArgs(operator, opg(100), opg(101));
      await staking.connect(operator).beginUnstake(operator, opg(100));
    });

    it("refuses nothing", async () => {
      const { staking, operator } = await loadFixture(fixture);
      await expect(
        staking.connect(operator).beginUnstake(operator, 0),
      ).to.be.revertedWithCustomError(staking, "StakingZeroAmount");
    });
  });

  describe("collateral", () => {
    it("is locked only by contracts that governance lets", async () => {
      const { staking, operator, payer } = await loadFixture(fixture);
      await expect(staking.connect(payer).lock(operator, 1, FAR))
        .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
        .withArgs(payer);
    });

    it("is locked and unlocked by its market", async () => {
      const { staking, market, operator } = await loadFixture(fixture);
      await expect(staking.connect(market).lock(operator, opg(60), FAR))
        .to.emit(staking, "CollateralLocked")
        .withArgs(operator, market, opg(60), FAR);
      expect(await staking.poolOf(operator)).to.deep.equal([opg(1_000), opg(60)]);
      await expect(staking.connect(market).unlock(operator, opg(20)))
        .to.emit(staking, "CollateralUnlocked")
        .withArgs(operator, market, opg(20));
      expect(await staking.collateralOf(operator, market)).to.equal(opg(40));
      expect(await staking.poolOf(operator)).to.deep.equal([opg(1_000), opg(40)]);
    });

    it("never exceeds the stake", async () => {
      const { staking, market, operator } = await loadFixture(fixture);
      await staking.connect(market).lock(operator, opg(999), FAR);
      await expect(staking.connect(market).lock(operator, opg(2), FAR))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
        .withArgs(operator, opg(1), opg(2));
    });

    it("of one market is out of another's reach", async () => {
      const { staking, market, otherMarket, operator, payer } = await loadFixture(fixture);
      await staking.connect(market).lock(operator, opg(60), FAR);
      const order = { operator, amount: 1n, payer, harm: 1n, reporter: payer };
      await expect(staking.connect(otherMarket).unlock(operator, 1))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientCollateral")
        .withArgs(operator, otherMarket, 0, 1);
      await expect(staking.connect(otherMarket).slash(order)).to.not.emit(staking, "Slashed");
      expect(await staking.poolOf(operator)).to.deep.equal([opg(1_000), opg(60)]);
    });

    it("can still be freed by a market that governance dismissed", async () => {
      const { staking, manager, market, operator } = await loadFixture(fixture);
      await staking.connect(market).lock(operator, opg(60), FAR);
      await manager.revokeRole(ROLES.market, market);
      await staking.connect(market).unlock(operator, opg(60));
      await expect(staking.connect(market).lock(operator, 1, FAR)).to.be.revertedWithCustomError(
        staking,
        "AccessManagedUnauthorized",
      );
    });
  });

  describe("expiry of collateral", () => {
    it("is in the future, and not more than sixty days away", async () => {
      const { staking, market, operator } = await loadFixture(fixture);
      const now = (await time.latest()) + 100;
      for (const expiry of [now, now + 60 * 86_400 + 1]) {
        await time.setNextBlockTimestamp(now);
        await expect(
          staking.connect(market).lock.staticCall(operator, 1, expiry, { blockTag: "pending" }),
        )
          .to.be.revertedWithCustomError(staking, "StakingBadExpiry")
          .withArgs(expiry, now + 1, now + 60 * 86_400);
      }
    });

    it("only ever moves further away", async () => {
      const { staking, market, operator } = await loadFixture(fixture);
      const now = await time.latest();
      for (const [days, found] of [
        [10, 10],
        [5, 10],
        [20, 20],
      ] as const) {
        await staking.connect(market).lock(operator, opg(10), now + days * 86_400);
        expect(await staking.collateralExpiryOf(operator, market)).to.equal(now + found * 86_400);
      }
    });

    it("lets anyone free what a dead market holds, not a second earlier", async () => {
      const { staking, manager, market, operator, payer } = await loadFixture(fixture);
      const expiry = (await time.latest()) + 1_000;
      await staking.connect(market).lock(operator, opg(900), expiry);
      await manager.revokeRole(ROLES.market, market);
      await time.setNextBlockTimestamp(expiry);
      await expect(staking.connect(payer).reclaim(operator, market))
        .to.be.revertedWithCustomError(staking, "StakingNotExpired")
        .withArgs(expiry, expiry);
      await time.setNextBlockTimestamp(expiry + 1);
      await expect(staking.connect(payer).reclaim(operator, market))
        .to.emit(staking, "CollateralUnlocked")
        .withArgs(operator, market, opg(900));
      await expect(staking.reclaim(operator, market)).to.be.revertedWithCustomError(
        staking,
        "StakingZeroAmount",
      );
      await staking.connect(operator).beginUnstake(operator, opg(1_000));
    });
  });

  describe("slash", () => {
    async function locked() {
      const context = await fixture();
      await context.staking.connect(context.market).lock(context.operator, opg(100), FAR);
      return context;
    }

    it("compensates the payer first, then rewards the reporter, then fills the treasury", async () => {
      const { staking, market, operator, payer, publisher } = await loadFixture(locked);
      const order = { operator, amount: opg(100), payer, harm: opg(40), reporter: publisher };
      await expect(staking.connect(market).slash(order))
        .to.emit(staking, "Slashed")
        .withArgs(operator, payer, publisher, opg(100), 0, opg(40), opg(6), opg(54));
      expect(await staking.poolOf(operator)).to.deep.equal([opg(900), 0n]);
      expect(await staking.proceedsOf(payer)).to.equal(opg(40));
      expect(await staking.proceedsOf(publisher)).to.equal(opg(6));
      expect(await staking.treasuryProceeds()).to.equal(opg(54));
    });

    it("gives all to the payer if the harm is larger", async () => {
      const { staking, market, operator, payer, publisher } = await loadFixture(locked);
      await staking
        .connect(market)
        .slash({ operator, amount: opg(30), payer, harm: opg(31), reporter: publisher });
      expect(await staking.proceedsOf(payer)).to.equal(opg(30));
      expect(await staking.proceedsOf(publisher)).to.equal(0);
      expect(await staking.treasuryProceeds()).to.equal(0);
      expect(await staking.collateralOf(operator, market)).to.equal(opg(70));
    });

    it("adds up where payer and reporter are one", async () => {
      const { staking, market, operator, payer } = await loadFixture(locked);
      await staking
        .connect(market)
        .slash({ operator, amount: opg(100), payer, harm: opg(40), reporter: payer });
      expect(await staking.proceedsOf(payer)).to.equal(opg(46));
    });

    it("takes what there is where more is asked for, but is asked for something", async () => {
      const { staking, market, operator, payer } = await loadFixture(locked);
      const order = { operator, payer, harm: 0n, reporter: payer };
      await expect(staking.connect(market).slash({ ...order, amount: opg(100) + 1n }))
        .to.emit(staking, "Slashed")
        .withArgs(operator, payer, payer, opg(100), 0, 0, opg(10), opg(90));
      await expect(
        staking.connect(market).slash({ ...order, amount: 0 }),
      ).to.be.revertedWithCustomError(staking, "StakingZeroAmount");
    });

    it("hands proceeds on through the fee escrow, to whom they are owed, whoever calls", async () => {
      const {
        staking,
        feeEscrow,
        opg: token,
        market,
        operator,
        payer,
        publisher,
        stranger,
        governor,
      } = await loadFixture(locked);
      await staking
        .connect(market)
        .slash({ operator, amount: opg(100), payer, harm: opg(40), reporter: publisher });
      const handOn = staking.connect(stranger).handOn(payer);
      await expect(handOn).to.emit(staking, "ProceedsHandedOn").withArgs(payer, opg(40));
      await expect(handOn).to.changeTokenBalances(
        ethers,
        token,
        [staking, feeEscrow],
        [-opg(40), opg(40)],
      );
      await staking.connect(stranger).handOnTreasury();
      expect(await feeEscrow.balanceOf(payer)).to.equal(opg(40));
      expect(await feeEscrow.balanceOf(governor)).to.equal(opg(54));
      expect([await staking.proceedsOf(payer), await staking.treasuryProceeds()]).to.deep.equal([
        0n,
        0n,
      ]);
      for (const call of [() => staking.handOn(payer), () => staking.handOnTreasury()]) {
        await expect(call()).to.be.revertedWithCustomError(staking, "StakingZeroAmount");
      }
    });
  });

  describe("governance", () => {
    it("sets the unbonding period within its bounds", async () => {
      const { staking } = await loadFixture(fixture);
      const [minimum, maximum] = [5 * 86_400, 60 * 86_400];
      for (const seconds of [minimum, maximum]) {
        await expect(staking.setUnbondingPeriod(seconds))
          .to.emit(staking, "UnbondingPeriodChanged")
          .withArgs(seconds);
        expect(await staking.unbondingPeriod()).to.equal(seconds);
      }
      for (const seconds of [0, minimum - 1, maximum + 1]) {
        await expect(staking.setUnbondingPeriod(seconds))
          .to.be.revertedWithCustomError(staking, "StakingBadUnbondingPeriod")
          .withArgs(seconds, minimum, maximum);
      }
    });

    it("sets the reporters' share up to its cap", async () => {
      const { staking } = await loadFixture(fixture);
      await expect(staking.setReporterShare(5_000))
        .to.emit(staking, "ReporterShareChanged")
        .withArgs(5_000);
      expect(await staking.reporterShare()).to.equal(5_000);
      await expect(staking.setReporterShare(5_001))
        .to.be.revertedWithCustomError(staking, "StakingShareTooHigh")
        .withArgs(5_001, 5_000);
    });
  });
});
