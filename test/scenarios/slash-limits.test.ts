import { expect } from "chai";
import { ROLES } from "../../deploy/roles.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { fundedProtocol, opg } from "../fixtures/protocol.ts";

const DAY = 86_400;
const DELEGATE = "delegate(address,uint256)";
/** Shares that a wei of delegated stake buys at first. */
const SHARES = 1_000n;
/** More than any pool has. */
const TOO_MUCH = opg(1_000_000);
/** Most tranches that a staker can have with one operator. */
const MAX_TRANCHES = 8;

describe("a slash", () => {
  /** The keeper plays a market. Of 100 own and 50 delegated OPG all is collateral. */
  async function fixture() {
    const protocol = await fundedProtocol();
    const { manager, staking, operator, keeper, publisher } = protocol;
    await manager.grantRole(ROLES.market, keeper, 0);
    await staking.connect(operator).stake(operator, opg(100));
    await staking.connect(publisher)[DELEGATE](operator, opg(50));
    return { ...protocol, market: keeper, delegator: publisher, reporter: protocol.stranger };
  }

  type Context = Awaited<ReturnType<typeof fixture>>;

  async function lock({ staking, market, operator }: Context, amount: bigint) {
    await staking.connect(market).lock(operator, amount, (await time.latest()) + 30 * DAY);
  }

  function slash({ staking, market, ...people }: Context, amount: bigint, harm: bigint) {
    const { operator, payer, reporter } = people;
    return staking.connect(market).slash({ operator, amount, payer, harm, reporter });
  }

  it("larger than the pool takes the whole pool: the payer and the reporter share the operator's part, the treasury has the delegators'", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator, payer, reporter, delegator } = context;
    await lock(context, opg(150));
    await staking.connect(delegator).beginUnstake(operator, opg(30) * SHARES);
    await expect(slash(context, TOO_MUCH, opg(30)))
      .to.emit(staking, "Slashed")
      .withArgs(operator, payer, reporter, opg(150), opg(50), opg(30), opg(7), opg(113));
    expect(await staking.slashableOf(operator)).to.equal(0);
    expect(await staking.proceedsOf(payer)).to.equal(opg(30));
    expect(await staking.proceedsOf(reporter)).to.equal(opg(7));
    expect(await staking.treasuryProceeds()).to.equal(opg(113));
  });

  it("larger than the pool gives a payer with more harm than that the operator's part and not a wei of the delegators'", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator, payer, reporter } = context;
    await lock(context, opg(150));
    await slash(context, TOO_MUCH, TOO_MUCH);
    expect(await staking.proceedsOf(payer)).to.equal(opg(100));
    expect(await staking.proceedsOf(reporter)).to.equal(0);
    expect(await staking.treasuryProceeds()).to.equal(opg(50));
    expect(await staking.slashableOf(operator)).to.equal(0);
  });

  it("larger than the pool empties what is unbonding too: its owners withdraw nothing, and can start anew", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator, delegator } = context;
    await lock(context, opg(150));
    await staking.connect(delegator).beginUnstake(operator, opg(30) * SHARES);
    await slash(context, TOO_MUCH, 0n);
    await time.increase(7 * DAY);
    await expect(staking.withdraw(operator, delegator)).to.changeTokenBalance(
      ethers,
      context.opg,
      delegator,
      0,
    );
    // Shares of nothing are left in this pool: it takes no more delegations, the operator's own stake it does.
    await expect(staking.connect(delegator)[DELEGATE](operator, opg(1)))
      .to.be.revertedWithCustomError(staking, "StakingPoolDepleted")
      .withArgs(operator);
    await staking.connect(operator).stake(operator, opg(1));
    expect(await staking.slashableOf(operator)).to.equal(opg(1));
  });

  it("reaches the operator's unbonding tranches before it reaches a delegator", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator, payer, reporter } = context;
    await staking.connect(operator).beginUnstake(operator, opg(60));
    // 40 of its own and 50 delegated cover this.
    await lock(context, opg(90));
    await expect(slash(context, TOO_MUCH, 0n))
      .to.emit(staking, "Slashed")
      .withArgs(operator, payer, reporter, opg(90), 0, 0, opg(9), opg(81));
    // Nine tenths of both.
    expect((await staking.poolOf(operator)).stake).to.equal(opg(4));
    const [tranche] = await staking.unbondingOf(operator, operator);
    expect(tranche?.amount).to.equal(opg(6));
    expect((await staking.delegationPoolOf(operator)).assets).to.equal(opg(50));
  });

  it("after the pool was emptied takes nothing, owes nothing and says nothing", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator } = context;
    await lock(context, opg(150));
    await slash(context, TOO_MUCH, opg(30));
    const treasury = await staking.treasuryProceeds();
    await expect(slash(context, 1n, opg(30))).not.to.emit(staking, "Slashed");
    expect(await staking.treasuryProceeds()).to.equal(treasury);
    expect(await staking.collateralOf(operator, context.market)).to.equal(0);
  });

  it("twice in a row takes all that was locked and no more, whichever market asks for more", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator, manager, governor } = context;
    await manager.grantRole(ROLES.market, governor, 0);
    await lock(context, opg(60));
    await lock({ ...context, market: governor }, opg(50));
    await slash(context, TOO_MUCH, 0n);
    expect(await staking.poolOf(operator)).to.deep.equal([opg(40), opg(50)]);
    await slash({ ...context, market: governor }, TOO_MUCH, 0n);
    expect(await staking.poolOf(operator)).to.deep.equal([0n, 0n]);
    expect(await staking.slashableOf(operator)).to.equal(opg(40));
  });

  it("costs the same with one unbonding tranche as with all eight of everybody", async () => {
    const context = await loadFixture(fixture);
    const { staking, operator, delegator } = context;
    await lock(context, opg(50));
    await staking.connect(operator).beginUnstake(operator, opg(1));
    await staking.connect(delegator).beginUnstake(operator, opg(1) * SHARES);
    await slash(context, opg(1), opg(1));
    const few = (await (await slash(context, opg(1), opg(1))).wait())?.gasUsed;
    for (let i = 1; i < MAX_TRANCHES; i++) {
      await staking.connect(operator).beginUnstake(operator, opg(1));
      await staking.connect(delegator).beginUnstake(operator, opg(1) * SHARES);
    }
    for (const [staker, amount] of [
      [operator, opg(1)],
      [delegator, opg(1) * SHARES],
    ] as const) {
      await expect(staking.connect(staker).beginUnstake(operator, amount))
        .to.be.revertedWithCustomError(staking, "StakingTooManyTranches")
        .withArgs(operator, staker, MAX_TRANCHES);
    }
    expect((await (await slash(context, opg(1), opg(1))).wait())?.gasUsed).to.equal(few);
    // All eight are paid out together, and there is room again.
    await time.increase(8 * DAY);
    const paying = await (await staking.withdraw(operator, operator)).wait();
    expect(paying?.gasUsed).to.be.below(150_000n);
    await staking.connect(operator).beginUnstake(operator, opg(1));
  });
});
