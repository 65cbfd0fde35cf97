import { setTimeout } from "node:timers/promises";
import type { Log, Provider } from "ethers";
import type { Logger } from "pino";
import { FeeEscrow__factory } from "../../typechain-types/index.js";
import type { ChannelBook } from "./channel-book.ts";
import type { ChannelStore } from "./channel-store.ts";

export interface ChannelWatcherOptions {
  readonly provider: Pick<Provider, "getBlockNumber" | "getLogs">;
  /** Address of the escrow. */
  readonly escrow: string;
  readonly book: Pick<ChannelBook, "refreshKnown">;
  readonly store: Pick<ChannelStore, "cursor" | "moveCursor">;
  readonly confirmations: number;
  readonly pollingIntervalMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Is told when something has changed. */
  readonly onChange?: () => void;
}

/** Blocks asked for at once; common RPC services refuse more. */
const MAX_RANGE = 2_000;

/** Blocks that are read again beyond those that are not confirmed: a reorganisation of this depth is noticed. */
const REREAD_BLOCKS = 10;

const ESCROW = FeeEscrow__factory.createInterface();

const TOPICS = (
  ["ChannelFunded", "ChannelClaimed", "ChannelClosing", "ChannelClosed"] as const
).map((name) => ESCROW.getEvent(name).topicHash);

/**
 * Follows what happens to channels on chain. Events say only which to look at: what counts is what the escrow then says, at once when
 * the event is seen (a payer who wants his money back is believed), and again when it is confirmed (money counts then).
 */
export class ChannelWatcher {
  readonly #options: ChannelWatcherOptions;
  /** Events that were dealt with after they were confirmed, or when they were seen; by block, so that another branch's are others. */
  #seen = new Map<string, "seen" | "confirmed">();

  constructor(options: ChannelWatcherOptions) {
    this.#options = options;
  }

  /** Follows the chain until stopped. Failures of the RPC node are waited out. */
  async run(): Promise<void> {
    const { signal, log, pollingIntervalMs } = this.#options;
    const isStopped = () => signal.aborted;
    while (!isStopped()) {
      try {
        if (await this.advance()) continue;
      } catch (error) {
        if (isStopped()) return;
        log.warn({ error: String(error) }, "Following channels failed and will be tried again.");
      }
      await setTimeout(pollingIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Reads the next blocks. Returns whether there are more. */
  async advance(): Promise<boolean> {
    const { provider, store, confirmations } = this.#options;
    const newest = await provider.getBlockNumber();
    const cursor = (await store.cursor()) ?? newest;
    const from = Math.max(0, Math.min(cursor, newest) - confirmations - REREAD_BLOCKS);
    const to = Math.min(newest, from + MAX_RANGE - 1);
    const logs = await provider.getLogs({
      address: this.#options.escrow,
      topics: [TOPICS],
      fromBlock: from,
      toBlock: to,
    });
    await this.#deal(logs, newest);
    await store.moveCursor(to);
    return to < newest;
  }

  async #deal(logs: readonly Log[], newest: number): Promise<void> {
    const { book, confirmations, onChange } = this.#options;
    const next = new Map<string, "seen" | "confirmed">();
    const changed = new Set<string>();
    for (const { blockHash, blockNumber, index, topics } of logs) {
      const key = `${blockHash} ${index}`;
      const phase = newest - blockNumber + 1 >= confirmations ? "confirmed" : "seen";
      next.set(key, phase);
      const channelId = topics[1];
      if (this.#seen.get(key) !== phase && channelId !== undefined) changed.add(channelId);
    }
    if (changed.size > 0) {
      await book.refreshKnown([...changed]);
      onChange?.();
    }
    // Only now: what failed is dealt with again.
    this.#seen = next;
  }
}
