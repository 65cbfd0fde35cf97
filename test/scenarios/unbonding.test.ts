import { expect } from "chai";
import { inOneBlock } from "../fixtures/blocks.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import {
  challengedAnswer,
  LIE,
  lockedRequest,
  optimisticMarket,
  WINDOW,
} from "../fixtures/optimistic.ts";
import { opg } from "../fixtures/protocol.ts";

const DAY = 86_400;
const GAS = { gasLimit: 1_000_000 };
const DELEGATE = "delegate(address,uint256)";
/** Shares that a wei of delegated stake buys at first. */
const SHARES = 1_000n;

type Context = Awaited<ReturnType<typeof lockedRequest>>;

describe("leaving while an answer is disputed", () => {
  /** The node begins to take out all that it may. */
  async function leave({ staking, operator }: Pick<Context, "staking" | "operator">) {
    const { stake, locked } = await staking.poolOf(operator);
    await staking.connect(operator).beginUnstake(operator, stake - locked);
    return stake - locked;
  }

  it("the node cannot take out what the disputed answer stands on", async () => {
    const { staking, operator } = await challengedAnswer({}, LIE);
    await expect(staking.connect(operator).beginUnstake(operator, opg(4_950) + 1n))
      .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
      .withArgs(operator, opg(4_950), opg(4_950) + 1n);
  });

  it("the node's unbonding tranche pays its part when the answer is rejected", async () => {
    const context = await challengedAnswer({}, LIE);
    const { market, staking, operator, terms } = context;
    const leaving = await leave(context);
    await time.increase(WINDOW + 1);
    await market.expire(terms);
    // 50 of 5,000 are lost, in the same proportion from what stays and from what leaves.
    const [tranche] = await staking.unbondingOf(operator, operator);
    expect(tranche?.amount).to.equal((leaving * 99n) / 100n);
    expect((await staking.poolOf(operator)).stake).to.equal((opg(50) * 99n) / 100n);
    await time.increase(7 * DAY);
    await staking.withdraw(operator, operator);
    expect(await staking.slashableOf(operator)).to.equal((opg(50) * 99n) / 100n);
  });

  it("no tranche that began after the lock is released before the longest dispute is over", async () => {
    const lockSeconds = DAY;
    const context = await lockedRequest({ lockSeconds, lifetime: 3 * DAY });
    const { market, staking, nodeSigner, operator, keeper, stranger, terms, requestId } = context;
    // The longest windows, and the shortest unbonding period, that governance may set.
    await staking.setUnbondingPeriod(5 * DAY);
    const bond = opg(10);
    await market.setChallengeTerms({
      challengeWindow: 3 * DAY,
      proveWindow: DAY,
      challengeBond: bond,
    });
    await leave(context);
    const [tranche] = await staking.unbondingOf(operator, operator);
    const releaseTime = tranche?.releaseTime ?? 0n;
    const deadline = async () => (await market.stateOf(requestId)).deadline;
    await time.setNextBlockTimestamp(await deadline());
    await market.connect(nodeSigner).fulfil(terms, operator, LIE, "0x");
    await time.setNextBlockTimestamp(await deadline());
    await market.connect(keeper).challenge(terms);
    const end = await deadline();
    await time.setNextBlockTimestamp(end);
    await expect(staking.withdraw(operator, operator))
      .to.be.revertedWithCustomError(staking, "StakingStillUnbonding")
      .withArgs(end, releaseTime);
    // From the next second on the answer can be rejected, and the loss is there.
    const before = await staking.slashableOf(operator);
    await time.setNextBlockTimestamp(end + 1n);
    await market.connect(stranger).expire(terms);
    expect(await staking.slashableOf(operator)).to.equal(before - opg(50));
  });

  it("a node that withdraws in the second of its rejection still leaves the collateral behind", async () => {
    for (const salt of [0, 1]) {
      const context = await challengedAnswer({ salt }, LIE);
      const { market, staking, operator, keeper, stranger, terms, opg: token } = context;
      await leave(context);
      await time.increase(7 * DAY);
      const held = await token.balanceOf(operator);
      const calls = [
        () => staking.connect(keeper).withdraw(operator, operator, GAS),
        () => market.connect(stranger).expire(terms, GAS),
      ];
      const receipts = await inOneBlock(salt === 0 ? calls : calls.reverse());
      expect(receipts.map(({ status }) => status)).to.deep.equal([1, 1]);
      const paidOut = (await token.balanceOf(operator)) - held;
      // First out: all of the tranche, and the collateral in full is slashed. Last out: the tranche has paid its part.
      expect(paidOut).to.equal(salt === 0 ? opg(4_950) : (opg(4_950) * 99n) / 100n);
      expect(paidOut + (await staking.slashableOf(operator))).to.equal(opg(4_950));
    }
  });

  it("a delegator cannot take out what the disputed answer stands on", async () => {
    const context = await backedByDelegators("publisher");
    const { market, staking, operator, publisher, stranger, terms } = context;
    await staking.connect(publisher).beginUnstake(operator, opg(1_000) * SHARES);
    await time.increase(7 * DAY + 1);
    await expect(staking.withdraw(operator, publisher))
      .to.be.revertedWithCustomError(staking, "StakingInsufficientStake")
      .withArgs(operator, opg(500), opg(1_000));
    await market.connect(stranger).expire(terms);
    // 5,000 were the node's own, 500 the delegators'.
    await expect(staking.withdraw(operator, publisher)).to.changeTokenBalance(
      ethers,
      context.opg,
      publisher,
      opg(500),
    );
  });

  it("a delegator who runs from a slash loses what one who stays loses", async () => {
    const context = await backedByDelegators("publisher", "governor");
    const { market, staking, operator, publisher, governor, stranger, terms } = context;
    await time.increase(WINDOW + 1);
    // The slash lies in the mempool, and the delegator gets in before it.
    await inOneBlock([
      () => staking.connect(publisher).beginUnstake(operator, opg(1_000) * SHARES, GAS),
      () => market.connect(stranger).expire(terms, GAS),
    ]);
    const [ran] = await staking.unbondingOf(operator, publisher);
    const { shares } = await staking.delegationOf(operator, governor);
    const stayed = await staking.worthOf(operator, shares);
    expect(ran?.amount).to.equal(stayed);
    expect(stayed).to.equal(opg(750));
    await time.increase(7 * DAY);
    await expect(staking.withdraw(operator, publisher)).to.changeTokenBalance(
      ethers,
      context.opg,
      publisher,
      opg(750),
    );
    // And the one who stayed has not paid for the other.
    expect(await staking.worthOf(operator, shares)).to.equal(opg(750));
  });

  it("a delegator who comes back after the slash has gained nothing by leaving", async () => {
    const context = await backedByDelegators("publisher", "governor");
    const { market, staking, operator, publisher, governor, stranger, terms } = context;
    await staking.connect(publisher).beginUnstake(operator, opg(1_000) * SHARES);
    await time.increase(WINDOW + 1);
    await market.connect(stranger).expire(terms);
    await time.increase(7 * DAY);
    await staking.withdraw(operator, publisher);
    await staking.connect(publisher)[DELEGATE](operator, opg(750));
    const worth = async (who: { address: string }) =>
      staking.worthOf(operator, (await staking.delegationOf(operator, who.address)).shares);
    expect(await worth(publisher)).to.be.at.most(await worth(governor));
  });

  /** A challenged lie that stands on 5,000 of the node's own and on 500 of what others delegated. */
  async function backedByDelegators(...delegators: readonly ("publisher" | "governor")[]) {
    const context = await loadFixture(optimisticMarket);
    for (const name of delegators)
      await context.staking.connect(context[name])[DELEGATE](context.operator, opg(1_000));
    return challengedAnswer({ collateral: opg(5_500) }, LIE, context);
  }
});
