import { setTimeout } from "node:timers/promises";
import { keccak256, type Provider } from "ethers";
import type { Logger } from "pino";
import { packClaims } from "../../sdk/channel.ts";
import { FeeEscrow__factory, type FeeEscrow } from "../../typechain-types/index.js";
import { TransactionTooLarge, type Submitter } from "../chain/submitter.ts";
import type { IntentKey } from "../chain/transaction.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { ChannelBook } from "./channel-book.ts";
import type { ChannelStore, ClaimableVoucher } from "./channel-store.ts";
import type { VouchersConfig } from "./config.ts";

export interface ClaimerOptions {
  readonly node: string;
  readonly store: ChannelStore;
  readonly book: Pick<ChannelBook, "refreshKnown" | "disown">;
  readonly provider: Pick<Provider, "getTransactionReceipt">;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  readonly transactions: TransactionJournal;
  readonly escrow: Pick<FeeEscrow, "getAddress">;
  readonly config: Pick<VouchersConfig, "claimAt" | "claimAtEnd" | "claimIntervalMs">;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Claims in one transaction: each takes 17,000 gas, those of contracts 165,000 at most, of the 16,777,216 that one may take. */
const MAX_CLAIMS = 64;

/** `IPaymentChannels.ClaimRefusal.BadSignature`. */
const BAD_SIGNATURE = 5n;

const ESCROW = FeeEscrow__factory.createInterface();

/**
 * Turns vouchers into money: never more than was charged, many channels in one transaction, and one transaction at a time. The escrow
 * skips what does not count, so a claim that comes twice, after a kill perhaps, pays once.
 */
export class Claimer {
  readonly #options: ClaimerOptions;
  #wake = new AbortController();

  constructor(options: ClaimerOptions) {
    this.#options = options;
  }

  /** Goes on with what a process before this one has signed, then claims what is worth it, until stopped. */
  async run(): Promise<void> {
    const { signal, log, config } = this.#options;
    const isStopped = () => signal.aborted;
    while (!isStopped()) {
      try {
        await this.resume();
        await this.claim();
      } catch (error) {
        if (isStopped()) return;
        log.warn({ error: String(error) }, "Claiming vouchers failed and will be tried again.");
      }
      this.#wake = new AbortController();
      const ended = AbortSignal.any([signal, this.#wake.signal]);
      await setTimeout(config.claimIntervalMs, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  /** Looks for claims now: a channel may be closing. */
  wake(): void {
    this.#wake.abort();
  }

  async resume(): Promise<void> {
    const { transactions, submitter } = this.#options;
    for (const subject of await transactions.pendingSubjects("claim"))
      await submitter.confirm({ subject, purpose: "claim" });
  }

  /** Claims what is worth it; at the end, that is more. */
  async claim({ isEnd = false }: { readonly isEnd?: boolean } = {}): Promise<void> {
    const { store, config } = this.#options;
    await store.prune();
    const least = {
      open: isEnd ? config.claimAtEnd : config.claimAt,
      closing: config.claimAtEnd,
    };
    let claims: readonly ClaimableVoucher[];
    do {
      claims = await store.claimable(least, MAX_CLAIMS);
      if (claims.length > 0) await this.#claimAll(claims);
    } while (claims.length === MAX_CLAIMS);
  }

  /** Claims in one transaction, or in several if one does not hold them. */
  async #claimAll(claims: readonly ClaimableVoucher[]): Promise<void> {
    try {
      await this.#send(claims);
    } catch (error) {
      if (claims.length === 1 || !(error instanceof TransactionTooLarge)) throw error;
      const half = claims.length >> 1;
      await this.#claimAll(claims.slice(0, half));
      await this.#claimAll(claims.slice(half));
    }
  }

  async #send(claims: readonly ClaimableVoucher[]): Promise<void> {
    const { node, submitter, transactions, escrow, book, log } = this.#options;
    const packed = packClaims(
      claims.map(({ payer, salt, cumulative, signature, signedBy }) => ({
        ...({ kind: "voucher", payer, node, salt, cumulative, signature } as const),
        byContract: signedBy === "contract",
      })),
    );
    const data = ESCROW.encodeFunctionData("claim", [packed]);
    const intent = { subject: keccak256(packed), purpose: "claim" } as const;
    const to = await escrow.getAddress();
    await submitter.sign({ ...intent, to, data }, (signed) => transactions.record(signed));
    const outcome = await submitter.confirm(intent);
    log.info({ claims: claims.length, outcome }, "Vouchers were claimed.");
    if (outcome === "mined") await this.#dropRefused(intent, claims);
    await book.refreshKnown(claims.map(({ channelId }) => channelId));
  }

  /** A contract that takes its signature back would have its claim tried again for ever. */
  async #dropRefused(intent: IntentKey, claims: readonly ClaimableVoucher[]): Promise<void> {
    const { transactions, provider, book, log } = this.#options;
    for (const hash of await transactions.hashes(intent)) {
      const receipt = await provider.getTransactionReceipt(hash);
      for (const entry of receipt?.logs ?? []) {
        const event = ESCROW.parseLog(entry);
        if (event?.name !== "ClaimSkipped" || event.args.refusal !== BAD_SIGNATURE) continue;
        const refused = claims.find(({ channelId }) => channelId === event.args.channelId);
        if (refused === undefined) continue;
        log.error({ channel: refused.channelId }, "A payer's contract takes its signature back.");
        await book.disown(refused.channelId, refused.cumulative);
      }
    }
  }
}
