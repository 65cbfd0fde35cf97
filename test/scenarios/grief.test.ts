import { expect } from "chai";
import type { TransactionReceipt } from "ethers";
import hre from "hardhat";
import { channelId, packClaims, signVoucher, type ChannelClaim } from "../../sdk/channel.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { termsOf } from "../../sdk/request.ts";
import { at } from "../../zkml/arrays.ts";
import { inOneBlock } from "../fixtures/blocks.ts";
import {
  channelFixture,
  DEPOSIT,
  voucherClaim,
  type ChannelContext,
} from "../fixtures/channels.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, INPUT, parametersOf } from "../fixtures/models.ts";
import { loadFixture, networkHelpers, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

/** Bounds of gas are about the bytecode that ships. */
const IS_PRODUCTION = hre.globalOptions.buildProfile === "production";

const SPAM = 2_000;
const SPAM_PER_BLOCK = 1_000;
const FEES = { type: 2, maxFeePerGas: 10n ** 13n, maxPriorityFeePerGas: 1n };
const DUST_CHANNELS = 60;

describe("grief", function () {
  this.timeout(120_000);

  describe("by thousands of requests that nobody serves", () => {
    /** A request to be served later, and all that is needed to serve it. */
    async function fixture() {
      const context = await runningMarket();
      const {
        inferenceMarket: market,
        published,
        operator,
        feeEscrow,
        stranger: spammer,
      } = context;
      await feeEscrow.connect(spammer).deposit(spammer, opg(100_000));
      await feeEscrow.connect(spammer).authorizeLocker(market);
      const request = await ask(context, published, { lifetime: 2 * 86_400 });
      const node = operator.address;
      const served = await answer(context, published, { ...request, node });
      return { ...context, market, spammer, request, ...served };
    }

    type Context = Awaited<ReturnType<typeof fixture>>;

    /** Makes requests that cost as little as a request can, a thousand in a block. */
    async function spam({ market, published, spammer }: Context): Promise<TransactionReceipt[]> {
      const { minFee: least } = await market.priceOf(published.modelId, TIERS.Proven, INPUT.length);
      const expiry = (await time.latest()) + 600;
      const options = { maxFee: least, collateral: 0n, expiry };
      const parameters = await parametersOf(published.modelId, options);
      let nonce = await spammer.getNonce();
      const receipts: TransactionReceipt[] = [];
      while (receipts.length < SPAM) {
        const calls = Array.from({ length: SPAM_PER_BLOCK }, (_, i) => {
          // All is named: what is asked of a chain before a transaction takes longer, the more are waiting.
          const overrides = { ...FEES, gasLimit: 200_000, nonce: nonce++ };
          const other = { ...parameters, salt: receipts.length + i };
          return () => market.connect(spammer).request(other, INPUT, overrides);
        });
        receipts.push(...(await inOneBlock(calls)));
      }
      return receipts;
    }

    /** What a node spends on the request, a day later. */
    async function serve({ market, operator, request: { terms }, output, evidence }: Context) {
      await time.increase(86_400);
      const locking = await (await market.connect(operator).lock(terms, operator)).wait();
      const serving = await (await market.fulfil(terms, operator, output, evidence)).wait();
      return { lock: locking?.gasUsed, fulfil: serving?.gasUsed };
    }

    it("a node locks and serves for the same gas as without them", async () => {
      const context = await loadFixture(fixture);
      const snapshot = await networkHelpers.takeSnapshot();
      const calm = await serve(context);
      await snapshot.restore();
      const receipts = await spam(context);
      expect(receipts.filter(({ status }) => status === 1)).to.have.length(SPAM);
      expect(await serve(context)).to.deep.equal(calm);
    });

    it("the spammer pays for every request's gas, waits for its money, and raises no price", async () => {
      const context = await loadFixture(fixture);
      const { market, feeEscrow, spammer, published } = context;
      const [balance, price] = [
        await feeEscrow.balanceOf(spammer),
        (await market.priceState()).unitPrice,
      ];
      const receipts = await spam(context);
      for (const { gasUsed } of receipts) expect(gasUsed).to.be.above(60_000n);
      const { minFee: least } = await market.priceOf(published.modelId, TIERS.Proven, INPUT.length);
      expect(await feeEscrow.balanceOf(spammer)).to.equal(balance - BigInt(SPAM) * least);
      await time.increase(3_601);
      expect((await market.priceState()).unitPrice).to.equal(price);
      // Giving one up costs the same as if it were the only one: nothing is looked for in a list.
      const made = await market.queryFilter(market.filters.InferenceRequested(), -1);
      const gas = [];
      for (const { args } of [
        at(made, 0),
        at(made, SPAM_PER_BLOCK / 2),
        at(made, made.length - 1),
      ]) {
        const expiring = await market.expire(termsOf(args.request));
        gas.push(Number((await expiring.wait())?.gasUsed));
      }
      expect(Math.max(...gas) - Math.min(...gas)).to.be.below(200);
    });
  });

  describe("by channels of dust", () => {
    /** Channels of one wei each, opened by a stranger, and the vouchers for all of it. */
    async function dust(context: ChannelContext) {
      const { escrow, deployment, stranger, operator } = context;
      const claims: ChannelClaim[] = [];
      let spent = 0n;
      for (let i = 0; i < DUST_CHANNELS; i++) {
        const salt = BigInt(i);
        const terms = { payer: stranger.address, node: operator.address, salt };
        const opening = await escrow.connect(stranger).openChannel(operator, salt, 1);
        spent += (await opening.wait())?.gasUsed ?? 0n;
        const voucher = { channelId: channelId(terms), cumulative: 1n };
        const signature = await signVoucher(deployment, stranger, voucher);
        claims.push({ ...terms, kind: "voucher", cumulative: 1n, signature });
      }
      return { claims, spent };
    }

    async function fixture() {
      const context = await channelFixture();
      return { ...context, ...(await dust(context)) };
    }

    it("a node that claims sixty of them spends a third of what their payer spent", async function () {
      if (!IS_PRODUCTION) this.skip();
      const { escrow, operator, claims, spent } = await loadFixture(fixture);
      const receipt = await (await escrow.claim(packClaims(claims))).wait();
      expect(await escrow.earningsOf(operator)).to.equal(DUST_CHANNELS);
      expect(receipt?.gasUsed).to.be.below(spent / 3n);
      expect(receipt?.gasUsed).to.be.below(17_000n * BigInt(DUST_CHANNELS));
    });

    it("a node that leaves them out pays nothing for them", async () => {
      const context = await loadFixture(fixture);
      const { escrow, operator } = context;
      const packed = packClaims([await voucherClaim(context, opg(30))]);
      const snapshot = await networkHelpers.takeSnapshot();
      const amid = (await (await escrow.claim(packed)).wait())?.gasUsed;
      await snapshot.restore();
      for (let salt = 0; salt < 3; salt++)
        await escrow.connect(context.stranger).startClose(operator, salt);
      expect((await (await escrow.claim(packed)).wait())?.gasUsed).to.equal(amid);
      expect(await escrow.earningsOf(operator)).to.equal(opg(30));
    });

    it("spent ones in a batch cost a node what it takes to look at each, and the good one is paid", async function () {
      if (!IS_PRODUCTION) this.skip();
      const context = await loadFixture(fixture);
      const { escrow, operator, claims } = context;
      await escrow.claim(packClaims(claims));
      const good = await voucherClaim(context, opg(30));
      const receipt = await (await escrow.claim(packClaims([...claims, good]))).wait();
      expect(await escrow.earningsOf(operator)).to.equal(opg(30) + BigInt(DUST_CHANNELS));
      expect(receipt?.gasUsed).to.be.below(8_000n * BigInt(DUST_CHANNELS) + 60_000n);
    });

    it("no number of them brings a node more exposure in one channel than it allows", async () => {
      const context = await loadFixture(fixture);
      const { escrow, operator, stranger, payer } = context;
      await escrow.connect(operator).setExposureLimits(opg(1), opg(1));
      for (let i = 0; i < 3; i++)
        await escrow.connect(stranger).fundChannel(operator, i, opg(1) - 1n);
      await expect(escrow.connect(stranger).fundChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsOverLimit")
        .withArgs(operator, opg(1) + 1n, opg(1));
      // What a channel held before the limit stays: a limit is not a way to take back what was promised.
      await expect(escrow.connect(payer).fundChannel(operator, 0, 1))
        .to.be.revertedWithCustomError(escrow, "PaymentChannelsOverLimit")
        .withArgs(operator, DEPOSIT + 1n, opg(1));
    });
  });
});
