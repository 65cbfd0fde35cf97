import { hexlify, randomBytes, Signature, toBigInt, type Signer } from "ethers";
import { channelId, signChannelAuthorization, signVoucher } from "../channel.ts";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { withReceipt, type ChannelRecord, type ChannelStore } from "./channel-record.ts";
import { requireWithin, type SpendingLimits } from "./spending-limits.ts";
import type { ChannelDemand, ChannelFunding, VoucherHeader } from "./voucher-header.ts";

export interface VoucherWalletOptions {
  readonly wallet: Signer;
  readonly deployment: Deployment;
  /** The only node that is paid. */
  readonly node: string;
  readonly limits: SpendingLimits;
  /** What a channel is opened and funded with, in OPG wei. */
  readonly deposit: bigint;
  readonly store: ChannelStore;
}

/** For how long a node may take to bring a transfer to the chain. */
const FUNDING_SECONDS = 3_600n;

/** Seconds before its end in which a transfer is not sent again: another is signed. */
const FUNDING_MARGIN_SECONDS = 60n;

/** What a request may cost at most, while it is under way. */
export interface Claimed {
  maxFee: bigint;
  /** Whether the node said so for this request; otherwise it is what it said for another. */
  isQuoted: boolean;
  /** Of the channel that is to pay for it. */
  salt: bigint;
}

/**
 * One channel to one node, from its payer's side.
 *
 * What may be signed: what receipts add up to, and what requests under way may cost at most; and never more than the limits. A node that
 * wants more has given answers whose receipts did not arrive, or lies, and gets nothing.
 */
export class VoucherWallet {
  readonly #options: VoucherWalletOptions;
  readonly #payer: string;
  readonly #key: string;
  /** Requests under way. */
  readonly #claims = new Set<Claimed>();
  #record: ChannelRecord;
  /** What was charged before this session. */
  readonly #before: bigint;
  #last: { readonly cumulative: bigint; readonly signature: string } | undefined;
  /** What the node asked for last: the next request will cost much the same. */
  #demand: ChannelDemand | undefined;
  #saved: Promise<void> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();

  private constructor(
    options: VoucherWalletOptions,
    { payer, key, record }: { payer: string; key: string; record: ChannelRecord },
  ) {
    this.#options = options;
    this.#payer = payer;
    this.#key = key;
    this.#record = record;
    this.#before = record.charged + record.chargedBefore;
  }

  static async open(options: VoucherWalletOptions): Promise<VoucherWallet> {
    const { wallet, deployment, node, store } = options;
    const payer = await wallet.getAddress();
    const { chainId, addresses } = deployment;
    const key = [chainId, addresses.feeEscrow, node, payer].join("-");
    const record = (await store.load(key)) ?? newRecord(0n);
    return new VoucherWallet(options, { payer, key, record });
  }

  get payer(): string {
    return this.#payer;
  }

  get salt(): bigint {
    return this.#record.salt;
  }

  get channelId(): string {
    const { node } = this.#options;
    return channelId({ payer: this.#payer, node, salt: this.#record.salt });
  }

  /** Fees that this session's receipts add up to. */
  get spent(): bigint {
    return this.#spentInAll - this.#before;
  }

  get #spentInAll(): bigint {
    return this.#record.charged + this.#record.chargedBefore;
  }

  /** Sets aside what a request may cost, as far as that is known. */
  begin(): Claimed {
    const claimed = { maxFee: this.#demand?.maxFee ?? 0n, isQuoted: false, salt: this.salt };
    this.#requireWithin(claimed.maxFee, this.#underWay() + claimed.maxFee);
    this.#claims.add(claimed);
    return claimed;
  }

  /** Nothing more can be charged for a request. */
  end(claimed: Claimed): void {
    this.#claims.delete(claimed);
  }

  /** What to show with a request before the node has said what it wants: what it wanted last. */
  async firstVoucher(): Promise<VoucherHeader | undefined> {
    const demand = this.#demand;
    if (demand === undefined) return undefined;
    const wanted = this.#record.charged + this.#underWay() - demand.credit;
    const { funding } = this.#record;
    const header = await this.#voucher(wanted > 0n ? wanted : 0n);
    return { ...header, ...(funding !== undefined && { funding }) };
  }

  /**
   * What to show a node that wants something else.
   *
   * @throws OpenGradientError `PAYEE_UNTRUSTED`, `SPENDING_LIMIT` or `CHANNEL_DISPUTED`; nothing is signed then.
   */
  answer(demand: ChannelDemand, claimed: Claimed): Promise<VoucherHeader> {
    // One at a time: two that find no channel would both open one.
    const answered = this.#answered
      .catch(() => undefined)
      .then(() => this.#answer(demand, claimed));
    this.#answered = answered;
    return answered;
  }

  async #answer(demand: ChannelDemand, claimed: Claimed): Promise<VoucherHeader> {
    this.#requirePayee(demand);
    this.#requireWithin(demand.maxFee, this.#underWay() - claimed.maxFee + demand.maxFee);
    claimed.maxFee = demand.maxFee;
    claimed.isQuoted = true;
    this.#demand = demand;
    // Those that began before any price was known.
    for (const other of this.#claims) if (other.maxFee === 0n) other.maxFee = demand.maxFee;
    const isOver = demand.status === "closing" || demand.status === "closed";
    if (isOver && claimed.salt === this.salt) await this.#changeChannel();
    if (claimed.salt !== this.salt) {
      // What the node said is about a channel that is left.
      claimed.salt = this.salt;
      return this.#answer(emptied(demand), claimed);
    }
    const all = this.#record.charged + this.#underWay();
    const most = this.#record.charged + this.#mostUnderWay() + this.#options.limits.unproven;
    if (demand.cumulative > most) throw disputed(demand, most);
    // Enough for the others that are under way too, so that none has to ask again because another was faster.
    const forAll = all - demand.credit;
    const header = await this.#voucher(forAll > demand.cumulative ? forAll : demand.cumulative);
    const funding = await this.#fundingFor(demand);
    return { ...header, ...(funding !== undefined && { funding }) };
  }

  /** A voucher over exactly what receipts add up to. */
  async finalVoucher(): Promise<VoucherHeader> {
    return this.#signed(this.#record.charged);
  }

  /** Counts a receipt's fee, once. An answer also shows that the channel holds what it should. */
  async count({ salt }: Claimed, requestId: string, fee: bigint): Promise<void> {
    const record = this.#record;
    if (salt === record.salt)
      await this.#change({ ...withReceipt(record, requestId, fee), funding: undefined });
    else await this.#change({ ...record, chargedBefore: record.chargedBefore + fee });
  }

  /** Most that a request may cost, whether or not the node said how much that is: then it is the payer's own limit. */
  mostFor({ maxFee, isQuoted }: Claimed): bigint {
    const { perRequest } = this.#options.limits;
    return isQuoted || maxFee > perRequest ? maxFee : perRequest;
  }

  #mostUnderWay(): bigint {
    return [...this.#claims].reduce((sum, claimed) => sum + this.mostFor(claimed), 0n);
  }

  #underWay(): bigint {
    return [...this.#claims].reduce((sum, { maxFee }) => sum + maxFee, 0n);
  }

  #requireWithin(maxFee: bigint, underWay: bigint): void {
    const { limits } = this.#options;
    const spent = { session: this.spent, node: this.#spentInAll };
    requireWithin(limits, { maxFee, underWay, spent });
  }

  #requirePayee({ chainId, node, feeEscrow, opg }: ChannelDemand): void {
    const { deployment, node: pinned } = this.#options;
    const { addresses } = deployment;
    const isKnown =
      chainId === deployment.chainId &&
      node === pinned &&
      feeEscrow === addresses.feeEscrow &&
      opg === addresses.opg;
    if (isKnown) return;
    throw new OpenGradientError(
      "PAYEE_UNTRUSTED",
      `A payment to ${node} through ${feeEscrow} on chain ${chainId} is wanted, and only ${pinned} is to be paid.`,
      "Ask the node that you mean, or name this one if you trust it.",
    );
  }

  /** The highest voucher so far if it is enough, otherwise a new one. Vouchers never fall below what was charged. */
  async #voucher(wanted: bigint): Promise<VoucherHeader> {
    const { charged } = this.#record;
    if (this.#last !== undefined && this.#last.cumulative >= wanted)
      return { payer: this.#payer, salt: this.salt, ...this.#last };
    return this.#signed(wanted > charged ? wanted : charged);
  }

  async #signed(cumulative: bigint): Promise<VoucherHeader> {
    const { wallet, deployment } = this.#options;
    const { salt } = this.#record;
    const id = this.channelId;
    // Whatever the sum of what is expected: what is signed for is what can be lost.
    this.#requireWithin(0n, cumulative - this.#record.charged);
    // Remembered before it is out of hand.
    if (cumulative > this.#record.signed)
      await this.#change({ ...this.#record, signed: cumulative });
    const signature = await signVoucher(deployment, wallet, { channelId: id, cumulative });
    if (salt === this.#record.salt && cumulative >= (this.#last?.cumulative ?? 0n))
      this.#last = { cumulative, signature };
    return { payer: this.#payer, salt, cumulative, signature };
  }

  /** A transfer into the channel, if it does not hold enough: the same one until it is made, or cannot be any more. */
  async #fundingFor(demand: ChannelDemand): Promise<ChannelFunding | undefined> {
    const { deposit, limits } = this.#options;
    const missing = demand.depositNeeded - demand.deposit;
    const { funding } = this.#record;
    if (missing <= 0n) {
      if (funding !== undefined) await this.#change({ ...this.#record, funding: undefined });
      return undefined;
    }
    const isMade = demand.deposit >= this.#record.funded;
    if (funding !== undefined && !isMade && isInTime(funding)) return funding;
    const least = missing > demand.minimumDeposit ? missing : demand.minimumDeposit;
    const amount = least > deposit ? least : deposit;
    requireWithin(limits, {
      maxFee: demand.maxFee,
      underWay: 0n,
      spent: { session: 0n, node: 0n },
      deposit: { amount, limit: deposit },
    });
    return this.#signFunding(amount, isMade ? this.#record.funded : demand.deposit);
  }

  async #signFunding(amount: bigint, before: bigint): Promise<ChannelFunding> {
    const { deployment, wallet } = this.#options;
    const now = BigInt(Math.floor(Date.now() / 1_000));
    const nonceSalt = hexlify(randomBytes(32));
    const window = { validAfter: 0n, validBefore: now + FUNDING_SECONDS };
    const { v, r, s } = await signChannelAuthorization(deployment, wallet, {
      channelId: this.channelId,
      ...{ amount, nonceSalt, ...window },
    });
    const signature = Signature.from({ v, r, s }).serialized;
    const funding = { amount, nonceSalt, ...window, signature };
    await this.#change({ ...this.#record, funded: before + amount, funding });
    return funding;
  }

  async #changeChannel(): Promise<void> {
    this.#last = undefined;
    await this.#change(newRecord(this.#spentInAll));
  }

  /** One after the other, in the order of their making. */
  #change(record: ChannelRecord): Promise<void> {
    this.#record = record;
    const { store } = this.#options;
    this.#saved = this.#saved.catch(() => undefined).then(() => store.save(this.#key, record));
    return this.#saved;
  }
}

function newRecord(chargedBefore: bigint): ChannelRecord {
  return {
    // A channel that was closed never opens again: what is chosen must not have been chosen before.
    salt: toBigInt(randomBytes(12)),
    ...{ signed: 0n, charged: 0n, chargedBefore, funded: 0n },
    receipts: [],
  };
}

/** What the node will want of a channel that it does not know yet. */
function emptied(demand: ChannelDemand): ChannelDemand {
  const { maxFee, credit } = demand;
  return {
    ...demand,
    status: "none",
    ...{ deposit: 0n, charged: 0n, reserved: 0n, depositNeeded: maxFee },
    cumulative: maxFee > credit ? maxFee - credit : 0n,
  };
}

function isInTime({ validBefore }: ChannelFunding): boolean {
  return validBefore > BigInt(Math.floor(Date.now() / 1_000)) + FUNDING_MARGIN_SECONDS;
}

function disputed({ node, cumulative, charged }: ChannelDemand, most: bigint): OpenGradientError {
  return new OpenGradientError(
    "CHANNEL_DISPUTED",
    `${node} wants a voucher over ${cumulative} wei and says that ${charged} were charged; receipts and requests under way come to ${most}.`,
    "Ask again what was not answered, with the same nonce, to get its receipt; allow for what is lost (limits.unproven); or close the channel.",
  );
}
