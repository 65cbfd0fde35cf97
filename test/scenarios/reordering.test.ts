import { expect } from "chai";
import { keccak256 } from "ethers";
import { developmentAccount } from "../../scripts/local-chain.ts";
import { termsOf } from "../../sdk/request.ts";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { at } from "../../zkml/arrays.ts";
import { ordersOf } from "../fixtures/blocks.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, INPUT, parametersOf, type OpenRequest } from "../fixtures/models.ts";
import { ethers, loadFixture, networkHelpers, time, type Signer } from "../fixtures/network.ts";
import { postedAnswer, WINDOW } from "../fixtures/optimistic.ts";
import { ACTORS, type Fixture } from "../fixtures/protocol.ts";

const { Fulfilled: FULFILLED, Expired: EXPIRED, Rejected: REJECTED } = REQUEST_STATUS;
const ENDS = ["RequestFulfilled", "RequestExpired", "RequestRejected"] as const;
const GAS_LIMIT = 1_000_000;

/** A signed transaction: the same bytes in whichever block it is included. */
type Signed = string;

/**
 * A reorganisation gives the same transactions another order and other times. Here every order is played from the same
 * block, and the clock passes all deadlines before each of the transactions in turn, or never.
 */
describe("the same transactions in every order", function () {
  this.timeout(120_000);

  async function sign(
    { inferenceMarket: market, deployment: { chainId }, ...actors }: Fixture,
    name: (typeof ACTORS)[number],
    data: string,
  ): Promise<Signed> {
    const nonce = await actors[name].getNonce();
    const to = await market.getAddress();
    const fees = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 1n, type: 2 };
    return developmentAccount(ACTORS.indexOf(name)).signTransaction({
      ...fees,
      to,
      data,
      nonce,
      chainId,
      gasLimit: GAS_LIMIT,
    });
  }

  /** Includes a transaction in a block of its own, and tells whether it did anything. */
  async function include(transaction: Signed): Promise<boolean> {
    try {
      await ethers.provider.send("eth_sendRawTransaction", [transaction]);
    } catch {
      // Hardhat's chain includes it and complains.
    }
    const receipt = await ethers.provider.getTransactionReceipt(keccak256(transaction));
    if (receipt === null) throw new Error("the transaction was not included");
    return receipt.status === 1;
  }

  /** All that the escrow holds because of one request and the people in it. */
  async function moneyOf(fixture: Fixture, { requestId, terms }: OpenRequest): Promise<bigint> {
    const { feeEscrow, inferenceMarket: market } = fixture;
    let total = (await feeEscrow.lockOf(market, requestId)).amount;
    total += (await market.challengeOf(requestId)).bond;
    total += await feeEscrow.royaltiesOf(terms.modelId);
    for (const name of ACTORS) {
      total += await feeEscrow.balanceOf(fixture[name]);
      total += await feeEscrow.earningsOf(fixture[name]);
    }
    return total;
  }

  /** How often the request ended, and how it stands. */
  async function endOf(
    { inferenceMarket: market }: Fixture,
    { requestId }: OpenRequest,
    since: number,
  ) {
    const filters = ENDS.map((end) => market.filters[end](requestId));
    const found = await Promise.all(filters.map((filter) => market.queryFilter(filter, since)));
    return { ends: found.flat().length, status: (await market.stateOf(requestId)).status };
  }

  /** Includes the transactions in this order; the clock passes all deadlines before the one at `jumpAt`. */
  async function play(order: readonly Signed[], jumpAt: number) {
    for (const [i, transaction] of order.entries()) {
      if (i === jumpAt) await time.increase(WINDOW + 1);
      await include(transaction);
    }
  }

  /**
   * Plays every order with every jump. Whatever comes of it, no money appears or is lost and the request ends at most once;
   * and with `lastWord` afterwards exactly once. Returns in which states requests ended.
   */
  async function playAll(
    fixture: Fixture,
    request: OpenRequest,
    transactions: readonly Signed[],
    lastWord: () => Promise<unknown>,
  ): Promise<Set<bigint>> {
    const [since, money] = [(await time.latestBlock()) + 1, await moneyOf(fixture, request)];
    const snapshot = await networkHelpers.takeSnapshot();
    const outcomes = new Set<bigint>();
    const plays = ordersOf(transactions).flatMap((order) =>
      Array.from({ length: order.length + 1 }, (_, jumpAt) => ({ order, jumpAt })),
    );
    for (const { order, jumpAt } of plays) {
      await play(order, jumpAt);
      const { ends, status } = await endOf(fixture, request, since);
      expect(await moneyOf(fixture, request)).to.equal(money);
      expect(ends).to.equal(status >= FULFILLED ? 1 : 0);
      if (ends === 0) {
        await time.increase(2 * WINDOW + 2);
        await lastWord();
      }
      const last = await endOf(fixture, request, since);
      expect(last.ends).to.equal(1);
      expect(await moneyOf(fixture, request)).to.equal(money);
      outcomes.add(last.status);
      await snapshot.restore();
    }
    return outcomes;
  }

  /** Somebody's call of a function of the market. */
  type Call = readonly [who: (typeof ACTORS)[number], data: string];

  it("of two nodes that lock, serve and give up a request: it is paid once or refunded once", async () => {
    const context = await loadFixture(runningMarket);
    const { inferenceMarket: market, published, operator, otherOperator } = context;
    const request = await ask(context, published);
    const { terms } = request;
    const proof = (node: Signer) => answer(context, published, { ...request, node: node.address });
    const { interface: abi } = market;
    const fulfil = async (node: Signer) => {
      const { output, evidence } = await proof(node);
      return abi.encodeFunctionData("fulfil", [terms, node.address, output, evidence]);
    };
    const calls: Call[] = [
      ["operator", abi.encodeFunctionData("lock", [terms, operator.address])],
      ["keeper", await fulfil(operator)],
      ["stranger", await fulfil(otherOperator)],
      ["payer", abi.encodeFunctionData("expire", [terms])],
    ];
    const signed = await Promise.all(calls.map(([who, data]) => sign(context, who, data)));
    const outcomes = await playAll(context, request, signed, () => market.expire(terms));
    expect([...outcomes].sort()).to.deep.equal([FULFILLED, EXPIRED]);
  });

  it("of everybody in a dispute: the answer is paid once or rejected once, and the bond goes one way", async () => {
    const context = await postedAnswer();
    const { market, terms, output, evidence } = context;
    const { interface: abi } = market;
    const calls: Call[] = [
      ["keeper", abi.encodeFunctionData("challenge", [terms])],
      ["stranger", abi.encodeFunctionData("finalize", [terms, output])],
      ["publisher", abi.encodeFunctionData("prove", [terms, output, evidence])],
      ["payer", abi.encodeFunctionData("expire", [terms])],
    ];
    const signed = await Promise.all(calls.map(([who, data]) => sign(context, who, data)));
    const lastWord = async () => {
      const isChallenged = (await market.challengeOf(context.requestId)).bond !== 0n;
      await (isChallenged ? market.expire(terms) : market.finalize(terms, output));
    };
    const outcomes = await playAll(context, context, signed, lastWord);
    expect([...outcomes].sort()).to.deep.equal([FULFILLED, REJECTED]);
  });

  it("give another request in another second: what was signed for the lost one is void", async () => {
    const context = await loadFixture(runningMarket);
    const { inferenceMarket: market, published, operator } = context;
    const parameters = await parametersOf(published.modelId);
    const { interface: abi } = market;
    const data = abi.encodeFunctionData("request", [parameters, INPUT]);
    const asking = await sign(context, "payer", data);
    const snapshot = await networkHelpers.takeSnapshot();
    const [lost, kept] = [await made(0), await made(1)];
    expect(lost.requestId).not.to.equal(kept.requestId);
    await expect(market.connect(operator).lock(lost.terms, operator))
      .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
      .withArgs(lost.requestId, REQUEST_STATUS.None);
    await market.connect(operator).lock(kept.terms, operator);

    /** The request that the payer's transaction makes if it comes so many seconds later. */
    async function made(delay: number) {
      await snapshot.restore();
      await time.increase(1 + delay);
      expect(await include(asking)).to.equal(true);
      const events = await market.queryFilter(market.filters.InferenceRequested(), -1);
      const { requestId, request } = at(events, 0).args;
      return { requestId, terms: termsOf(request) };
    }
  });
});
