import { setTimeout } from "node:timers/promises";
import pLimit from "p-limit";
import type { Logger } from "pino";
import type { BatchRunner } from "./batch-runner.ts";
import type { BatchRecord, BatchStore } from "./batch-store.ts";
import type { EvidenceKeeper } from "./evidence-keeper.ts";
import type { ReceiptMemory } from "./receipt-memory.ts";

export interface VerifierOptions {
  readonly batches: BatchStore;
  readonly runner: BatchRunner;
  readonly evidence: EvidenceKeeper | undefined;
  readonly memory: ReceiptMemory;
  readonly memoryDays: number;
  readonly concurrency: number;
  readonly pollingIntervalMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Batches at which nothing happened rest for so many looks. */
const RESTS = 10;

const DAY_MS = 86_400_000;

/** Looks after all batches, each by itself: one that has to wait holds up no other. */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #running = new Map<string, Promise<void>>();
  /** When a batch is looked at again, in milliseconds since 1970. */
  readonly #restUntil = new Map<string, number>();
  #forgottenAt = 0;

  constructor(options: VerifierOptions) {
    this.#options = options;
    this.#limit = pLimit(options.concurrency);
  }

  /** Works until stopped. */
  async run(): Promise<void> {
    const { signal, log, pollingIntervalMs } = this.#options;
    while (!signal.aborted) {
      try {
        await this.advance();
      } catch (error) {
        log.warn({ error: String(error) }, "Looking for work failed and will be tried again.");
      }
      await setTimeout(pollingIntervalMs, undefined, { signal }).catch(() => undefined);
    }
    // Those that wait for their turn see that it is over, and end; a queue that was cleared would leave them for ever.
    await Promise.allSettled(this.#running.values());
  }

  /** Starts what can be started now. */
  async advance(): Promise<void> {
    const { batches, evidence } = this.#options;
    await this.#forget();
    for (const batchId of (await evidence?.advance()) ?? []) this.#restUntil.delete(batchId);
    const pending = await batches.pending();
    const known = new Set(pending.map(({ committed }) => committed.batchId));
    for (const batchId of this.#restUntil.keys())
      if (!known.has(batchId)) this.#restUntil.delete(batchId);
    for (const record of pending) this.#start(record);
  }

  #start(record: BatchRecord): void {
    const { batchId } = record.committed;
    if (this.#running.has(batchId)) return;
    if ((this.#restUntil.get(batchId) ?? 0) > Date.now()) return;
    const work = this.#limit(() => this.#work(batchId)).finally(() => {
      this.#running.delete(batchId);
    });
    this.#running.set(batchId, work);
  }

  async #work(batchId: string): Promise<void> {
    const { batches, runner, signal, log, pollingIntervalMs } = this.#options;
    const isStopped = () => signal.aborted;
    if (isStopped()) return;
    try {
      // It may have waited for its turn.
      const record = await batches.get(batchId);
      if (record === undefined || isStopped()) return;
      if (await runner.run(record)) return;
    } catch (error) {
      if (isStopped()) return;
      log.warn({ batchId, error: String(error) }, "A step failed and will be tried again.");
    }
    this.#restUntil.set(batchId, Date.now() + RESTS * pollingIntervalMs);
  }

  async #forget(): Promise<void> {
    if (Date.now() - this.#forgottenAt < DAY_MS) return;
    await this.#options.memory.forget(this.#options.memoryDays);
    this.#forgottenAt = Date.now();
  }
}
