import { setTimeout } from "node:timers/promises";
import type { Provider } from "ethers";
import type { Logger } from "pino";
import type { WorkerEvents } from "../events.ts";
import type { Checkpoint, CheckpointStore } from "./checkpoints.ts";

/** Reads what matters out of the chain's events. */
interface EventReader<Found> {
  /** In these blocks, both included. */
  readonly read: (fromBlock: number, toBlock: number) => Promise<readonly Found[]>;
}

/** Makes work of what was found. */
interface FoundStore<Found> {
  /** Stores what was found up to a checkpoint, and the checkpoint, all or nothing. What is known may be found again. */
  readonly add: (found: readonly Found[], upTo: Checkpoint) => Promise<void>;
  /** Looks again at what has ended lately: what ended it may not be in the chain any more. */
  readonly reopen: () => Promise<void>;
}

export interface ChainWatcherOptions<Found> {
  readonly provider: Provider;
  readonly reader: EventReader<Found>;
  readonly checkpoints: CheckpointStore;
  readonly jobs: FoundStore<Found>;
  readonly events: WorkerEvents;
  readonly log: Logger;
  /** Block of the deployment: nothing happened before it. */
  readonly startBlock: number;
  /** A block is read when this many blocks, itself counted, are known. */
  readonly confirmations: number;
  readonly pollingIntervalMs: number;
  readonly signal: AbortSignal;
}

/** Blocks asked for at once; common RPC services refuse more. */
const MAX_RANGE = 2_000;

/**
 * Follows the chain and makes a job of all that is found in it.
 *
 * What is found and the checkpoint up to which it was read are stored together, so that none is skipped or forgotten. A
 * checkpoint carries its block's hash: when the chain does not have that block any more, the watcher goes back to the last
 * checkpoint that it still has and reads on from there. What it finds again is known by its id.
 */
export class ChainWatcher<Found> {
  readonly #options: ChainWatcherOptions<Found>;

  constructor(options: ChainWatcherOptions<Found>) {
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
        log.warn({ error: String(error) }, "Following the chain failed and will be tried again.");
      }
      await setTimeout(pollingIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Reads the next blocks, or goes back after a reorganisation. Returns whether there was anything to do. */
  async advance(): Promise<boolean> {
    const { provider, reader, checkpoints, jobs, startBlock, confirmations } = this.#options;
    const last = await checkpoints.last();
    if (last !== undefined && !(await this.#isInChain(last))) {
      await this.#goBack(last);
      return true;
    }
    const from = last === undefined ? startBlock : last.blockNumber + 1;
    const newest = (await provider.getBlockNumber()) - confirmations + 1;
    const to = Math.min(newest, from + MAX_RANGE - 1);
    if (to < from) return false;

    const end = await this.#checkpointAt(to);
    const found = await reader.read(from, to);
    if (end === undefined || !(await this.#isOneBranch(last, end))) return true;
    await jobs.add(found, end);
    return true;
  }

  async #goBack(from: Checkpoint): Promise<void> {
    const { checkpoints, jobs, startBlock, events, log } = this.#options;
    // Before any checkpoint is dropped: if this is interrupted, the next start sees the reorganisation again.
    await jobs.reopen();
    for (;;) {
      const last = await checkpoints.last();
      if (last === undefined || (await this.#isInChain(last))) {
        const reorganisation = {
          from: from.blockNumber,
          to: last?.blockNumber ?? startBlock,
        };
        log.warn(reorganisation, "The chain was reorganised.");
        events.emit("reorganisation", reorganisation);
        return;
      }
      await checkpoints.drop(last);
    }
  }

  /**
   * Whether no reorganisation has come between the looks at these two. The older one is looked at again: below a checkpoint
   * of the new branch, nobody would ever see that it is gone.
   */
  async #isOneBranch(last: Checkpoint | undefined, end: Checkpoint): Promise<boolean> {
    if (last !== undefined && !(await this.#isInChain(last))) return false;
    return this.#isInChain(end);
  }

  async #isInChain({ blockNumber, blockHash }: Checkpoint): Promise<boolean> {
    return (await this.#checkpointAt(blockNumber))?.blockHash === blockHash;
  }

  async #checkpointAt(blockNumber: number): Promise<Checkpoint | undefined> {
    const block = await this.#options.provider.getBlock(blockNumber);
    if (block?.hash == null) return undefined;
    return { blockNumber, blockHash: block.hash };
  }
}
