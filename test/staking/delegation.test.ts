import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ROLES } from "../../deploy/roles.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { fundedProtocol, opg, PARAMETERS } from "../fixtures/protocol.ts";

const DAY = 86_400;
const EPOCH = 7 * DAY;
const DELEGATE = "delegate(address,uint256)";
const CHOOSE = "delegate(address)";
/** Shares that a wei buys at first. */
const SHARES = 1_000n;

describe("Staking: delegation", () => {
  /** The keeper plays a market; the publisher and the payer delegate. */
  async function fixture() {
    const protocol = await fundedProtocol();
    const { manager, staking, operator, keeper } = protocol;
    await manager.grantRole(ROLES.market, keeper, 0);
    await staking.connect(operator).stake(operator, opg(1_000));
    return { ...protocol, market: keeper, alice: protocol.publisher, bob: protocol.payer };
  }

  async function delegated() {
    const context = await fixture();
    await context.staking.connect(context.alice)[DELEGATE](context.operator, opg(300));
    return context;
  }

  async function lock(
    { staking, market, operator }: Awaited<ReturnType<typeof fixture>>,
    amount: bigint,
  ) {
    await staking.connect(market).lock(operator, amount, (await time.latest()) + 30 * DAY);
  }

  describe("delegate", () => {
    it("buys shares of what others delegated, not of the operator's own", async () => {
      const { staking, opg: token, operator, alice } = await loadFixture(fixture);
      const delegate = staking.connect(alice)[DELEGATE](operator, opg(300));
      await expect(delegate)
        .to.emit(staking, "StakeDelegated")
        .withArgs(operator, alice, opg(300), opg(300) * SHARES);
      await expect(delegate).to.changeTokenBalances(
        ethers,
        token,
        [alice, staking],
        [-opg(300), opg(300)],
      );
      expect(await staking.poolOf(operator)).to.deep.equal([opg(1_000), 0n]);
      expect(await staking.delegationPoolOf(operator)).to.deep.equal([
        opg(300),
        opg(300) * SHARES,
        0n,
      ]);
      expect(await staking.slashableOf(operator)).to.equal(opg(1_300));
    });

    it("refuses nothing, nobody, and oneself", async () => {
      const { staking, operator, alice } = await loadFixture(fixture);
      for (const [caller, target, amount, error] of [
        [alice, operator.address, 0n, "StakingZeroAmount"],
        [alice, ZeroAddress, 1n, "StakingZeroAddress"],
        [operator, operator.address, 1n, "StakingSelfDelegation"],
      ] as const) {
        await expect(
          staking.connect(caller)[DELEGATE](target, amount),
        ).to.be.revertedWithCustomError(staking, error);
      }
    });

    it("refuses an amount that would buy no share", async () => {
      const { staking, operator, alice, bob } = await loadFixture(fixture);
      await staking.connect(alice)[DELEGATE](operator, 1);
      await staking.connect(alice).addRewards(operator, opg(1_000));
      await expect(staking.connect(bob)[DELEGATE](operator, 1_000))
        .to.be.revertedWithCustomError(staking, "StakingAmountTooSmall")
        .withArgs(operator, 1_000);
    });

    it("is given back after the unbonding period, to its owner, whoever calls", async () => {
      const { staking, opg: token, operator, alice, stranger } = await loadFixture(delegated);
      const begin = staking.connect(alice).beginUnstake(operator, opg(300) * SHARES);
      await begin;
      const releaseTime = BigInt(await time.latest()) + PARAMETERS.unbondingSeconds;
      await expect(begin)
        .to.emit(staking, "UnstakeBegun")
        .withArgs(operator, alice, opg(300), releaseTime);
      await time.setNextBlockTimestamp(releaseTime - 1n);
      await expect(staking.connect(stranger).withdraw(operator, alice))
        .to.be.revertedWithCustomError(staking, "StakingStillUnbonding")
        .withArgs(releaseTime - 1n, releaseTime);
      await time.setNextBlockTimestamp(releaseTime);
      await expect(staking.connect(stranger).withdraw(operator, alice)).to.changeTokenBalance(
        ethers,
        token,
        alice,
        opg(300),
      );
      await expect(staking.connect(stranger).withdraw(operator, alice))
        .to.be.revertedWithCustomError(staking, "StakingNothingUnbonding")
        .withArgs(operator, alice);
    });

    it("cannot be taken by another, nor twice", async () => {
      const { staking, operator, alice, bob } = await loadFixture(delegated);
      await expect(staking.connect(bob).beginUnstake(operator, 1))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientShares")
        .withArgs(operator, bob, 0, 1);
      await staking.connect(alice).beginUnstake(operator, opg(300) * SHARES);
      await expect(staking.connect(alice).beginUnstake(operator, 1))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientShares")
        .withArgs(operator, alice, 0, 1);
    });
  });

  describe("collateral", () => {
    it("is backed by delegated stake beyond the operator's own", async () => {
      const context = await loadFixture(delegated);
      const { staking, operator, market } = context;
      await lock(context, opg(1_300));
      await expect(staking.connect(market).lock(operator, 1, (await time.latest()) + DAY))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
        .withArgs(operator, 0, 1);
    });

    it("keeps delegated stake that it needs until it expires", async () => {
      const context = await loadFixture(delegated);
      const { staking, opg: token, operator, market, alice } = context;
      await lock(context, opg(1_200));
      const expiry = await staking.collateralExpiryOf(operator, market);
      await staking.connect(alice).beginUnstake(operator, opg(300) * SHARES);
      await time.increase(8 * DAY);
      await expect(staking.withdraw(operator, alice))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
        .withArgs(operator, opg(100), opg(300));
      await expect(staking.connect(market).lock(operator, 0, expiry + 1n))
        .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
        .withArgs(operator, 0, 0);
      await time.increaseTo(expiry + 1n);
      await staking.connect(alice).reclaim(operator, market);
      await expect(staking.withdraw(operator, alice)).to.changeTokenBalance(
        ethers,
        token,
        alice,
        opg(300),
      );
    });
  });

  describe("slash", () => {
    it("takes the operator's own first, and gives what was delegated to nobody but the treasury", async () => {
      const context = await loadFixture(delegated);
      const { staking, operator, market, bob, stranger } = context;
      await lock(context, opg(1_200));
      const order = {
        operator,
        amount: opg(1_200),
        payer: bob,
        harm: opg(1_100),
        reporter: stranger,
      };
      await expect(staking.connect(market).slash(order))
        .to.emit(staking, "Slashed")
        .withArgs(operator, bob, stranger, opg(1_200), opg(200), opg(1_000), 0, opg(200));
      expect(await staking.poolOf(operator)).to.deep.equal([0n, 0n]);
      expect((await staking.delegationPoolOf(operator)).assets).to.equal(opg(100));
    });

    it("takes the same part of what is unbonding and what is not", async () => {
      const context = await loadFixture(delegated);
      const { staking, operator, market, bob } = context;
      await lock(context, opg(500));
      await staking.connect(operator).beginUnstake(operator, opg(100));
      await staking.connect(operator).beginUnstake(operator, opg(300));
      const order = { operator, amount: opg(500), payer: bob, harm: 0n, reporter: bob };
      await staking.connect(market).slash(order);
      expect((await staking.poolOf(operator)).stake).to.equal(opg(300));
      const tranches = await staking.unbondingOf(operator, operator);
      expect(tranches.map(({ amount }) => amount)).to.deep.equal([opg(50), opg(150)]);
    });
  });

  describe("rewards", () => {
    it("go to the operator as far as commission goes, and to the delegators", async () => {
      const { staking, operator, alice, bob } = await loadFixture(delegated);
      await staking.connect(operator).announceCommission(1_000);
      await time.increase(2 * EPOCH);
      await expect(staking.connect(bob).addRewards(operator, opg(100)))
        .to.emit(staking, "RewardsAdded")
        .withArgs(operator, bob, opg(100), opg(10));
      expect((await staking.poolOf(operator)).stake).to.equal(opg(1_010));
      const { shares } = await staking.delegationOf(operator, alice);
      expect(await staking.worthOf(operator, shares)).to.equal(opg(390) - 1n); // rounded down
    });

    it("go to the operator where nobody delegates", async () => {
      const { staking, operator, bob } = await loadFixture(fixture);
      await staking.connect(bob).addRewards(operator, opg(100));
      expect((await staking.poolOf(operator)).stake).to.equal(opg(1_100));
    });

    it("are something, for somebody", async () => {
      const { staking, operator } = await loadFixture(fixture);
      await expect(staking.addRewards(operator, 0)).to.be.revertedWithCustomError(
        staking,
        "StakingZeroAmount",
      );
      await expect(staking.addRewards(ZeroAddress, 1)).to.be.revertedWithCustomError(
        staking,
        "StakingZeroAddress",
      );
    });
  });

  describe("commission", () => {
    it("changes with the first epoch that begins a whole epoch later", async () => {
      const { staking, operator } = await loadFixture(fixture);
      const begin = Math.ceil((await time.latest()) / EPOCH + 1) * EPOCH;
      for (const [announced, expected] of [
        [begin, begin + EPOCH],
        [begin + 2 * EPOCH + 1, begin + 4 * EPOCH],
      ] as const) {
        const bps = (await staking.commissionOf(operator)) + 700n;
        await time.setNextBlockTimestamp(announced);
        await expect(staking.connect(operator).announceCommission(bps))
          .to.emit(staking, "CommissionAnnounced")
          .withArgs(operator, bps, expected);
        await time.increaseTo(expected - 1);
        expect(await staking.commissionOf(operator)).to.equal(bps - 700n);
        await time.increaseTo(expected);
        expect(await staking.commissionOf(operator)).to.equal(bps);
      }
    });

    it("that was announced is replaced by another announcement", async () => {
      const { staking, operator } = await loadFixture(fixture);
      await staking.connect(operator).announceCommission(5_000);
      await staking.connect(operator).announceCommission(100);
      await time.increase(2 * EPOCH);
      expect(await staking.commissionOf(operator)).to.equal(100);
      await expect(staking.connect(operator).announceCommission(5_001))
        .to.be.revertedWithCustomError(staking, "StakingShareTooHigh")
        .withArgs(5_001, 5_000);
    });
  });

  describe("votes", () => {
    it("are the staker's, on the token's clock, once it chose a delegate", async () => {
      const { staking, opg: token, operator, alice, bob } = await loadFixture(delegated);
      expect(await staking.getVotes(bob)).to.equal(0);
      await staking.connect(operator)[CHOOSE](bob);
      await staking.connect(alice)[CHOOSE](bob);
      expect(await staking.getVotes(bob)).to.equal(opg(1_300));
      const then = await time.latest();
      await staking.connect(operator).beginUnstake(operator, opg(400));
      await staking.connect(alice).beginUnstake(operator, opg(100) * SHARES);
      expect(await staking.getVotes(bob)).to.equal(opg(800));
      expect(await staking.getPastVotes(bob, then)).to.equal(opg(1_300));
      expect(await staking.CLOCK_MODE()).to.equal(await token.CLOCK_MODE());
      expect(await staking.getPastTotalSupply(then)).to.equal(opg(1_000_000_000));
    });

    it("add up over operators, and follow a slash when synchronised, whoever calls", async () => {
      const context = await loadFixture(delegated);
      const { staking, operator, otherOperator, market, alice, stranger } = context;
      await staking.connect(alice)[DELEGATE](otherOperator, opg(50));
      await staking.connect(alice)[CHOOSE](alice);
      await lock(context, opg(1_300));
      const order = { operator, amount: opg(1_300), payer: alice, harm: 0n, reporter: alice };
      await staking.connect(market).slash(order);
      expect(await staking.getVotes(alice)).to.equal(opg(350));
      await staking.connect(stranger).syncVotes(operator, alice);
      expect(await staking.getVotes(alice)).to.equal(opg(50));
    });
  });
});
