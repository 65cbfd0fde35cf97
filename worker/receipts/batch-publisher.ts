import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { BatchLedger, BatchStanding } from "./batch-ledger.ts";
import type { BatchSealer } from "./batch-sealer.ts";
import type { BatchState } from "./batch-states.ts";
import type { Batch, BatchStore } from "./batch-store.ts";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { TransactionPurpose } from "../chain/transaction.ts";
import type { InferenceBatch } from "../../sdk/inference-batch.ts";

export interface BatchPublisherOptions {
  readonly store: BatchStore;
  readonly sealer: BatchSealer;
  readonly ledger: BatchLedger;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  readonly transactions: Pick<TransactionJournal, "pending">;
  /** Key that signs for the node: what any other signs is of the Attested tier. */
  readonly nodeKey: string;
  /** Signs a batch with the key of its receipts or, where that is gone, the node's. */
  readonly signatureOf: (batch: InferenceBatch) => Promise<string>;
  readonly log: Logger;
  readonly pollingIntervalMs: number;
  readonly signal: AbortSignal;
}

type BatchPurpose = Extract<TransactionPurpose, "commit" | "finalize">;

/** Batches that are worked on at the same time: one that is stuck must not hold up the others. */
const MAX_UNDER_WAY = 16;

/** A step that fails is tried again, ever more rarely up to this. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;

/** In the chain batches wait for days: they are looked at so many times more rarely than others. */
const PATIENCE = 30;

/**
 * Enclaves' receipts convict whoever commits them too late: `Durations.MAX_RECEIPT_AGE` of the contracts, an hour before which a
 * batch is given up, in seconds.
 */
const MAX_ATTESTED_AGE = 86_400n;

const TAKEN = "the chain has taken these numbers, or later ones, for another batch";
const TOO_OLD = "its enclave's receipts are a day old: whoever committed them now would be slashed";

/** Where a batch ends, by what the chain says of it. */
const ENDS: Partial<Record<BatchStanding["status"], BatchState>> = {
  Final: "Final",
  Rejected: "Rejected",
  Closed: "Rejected",
  Voided: "Voided",
};

/**
 * Commits receipts to the chain in batches, and finalises these once nobody can challenge them any more.
 *
 * What a batch is at is written down before anything follows from it, and what the chain shows decides on the next step. So a
 * process that is killed at any point and started again commits every receipt once: the bounds of a batch are fixed before it is
 * signed, its id follows from its content, and the ledger takes an id once.
 *
 * The ledger takes the batches of a key in the order of their numbers only: each waits for the one before it.
 */
export class BatchPublisher {
  readonly #options: BatchPublisherOptions;
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, number>();
  /** When to look at a batch again, in milliseconds. */
  readonly #nextLook = new Map<string, number>();

  constructor(options: BatchPublisherOptions) {
    this.#options = options;
  }

  /** Publishes until stopped. */
  async run(): Promise<void> {
    const { signal, log, pollingIntervalMs } = this.#options;
    while (!signal.aborted) {
      try {
        await this.advance();
      } catch (error) {
        log.warn({ error: String(error) }, "Publishing batches failed and will be tried again.");
      }
      await setTimeout(pollingIntervalMs, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(this.#underWay.values());
  }

  /** Seals what is due, and starts the next steps of all batches. */
  async advance(): Promise<void> {
    const { sealer, store } = this.#options;
    await sealer.sealDue();
    for (const { batchId } of await store.open()) {
      if (this.#underWay.size >= MAX_UNDER_WAY) return;
      if (this.#underWay.has(batchId) || (this.#nextLook.get(batchId) ?? 0) > Date.now()) continue;
      const steps = this.#tryAdvance(batchId).finally(() => this.#underWay.delete(batchId));
      this.#underWay.set(batchId, steps);
    }
  }

  async #tryAdvance(batchId: string): Promise<void> {
    const { log, signal, pollingIntervalMs } = this.#options;
    try {
      const { state } = (await this.#advance(batchId)) ?? {};
      this.#failures.delete(batchId);
      if (state === "Committed") this.#lookAgain(batchId, PATIENCE * pollingIntervalMs);
      else this.#nextLook.delete(batchId);
    } catch (error) {
      if (signal.aborted) return;
      const failures = (this.#failures.get(batchId) ?? 0) + 1;
      this.#failures.set(batchId, failures);
      this.#lookAgain(batchId, Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS));
      log.error({ batchId, error: String(error) }, "A batch could not be brought further yet.");
    }
  }

  #lookAgain(batchId: string, inMs: number): void {
    this.#nextLook.set(batchId, Date.now() + inMs);
  }

  /** Takes steps until there is nothing to do now. Returns what the batch is then. */
  async #advance(batchId: string): Promise<Batch | undefined> {
    const { store, signal } = this.#options;
    let batch = await store.get(batchId);
    for (let next = batch; next !== undefined && !signal.aborted; next = await this.#step(next))
      batch = next;
    return batch;
  }

  /** One step; `undefined` if there is none to take now. */
  #step(batch: Batch): Promise<Batch | undefined> {
    switch (batch.state) {
      case "Sealed":
        return this.#sign(batch);
      case "Signed":
        return this.#commit(batch);
      case "Committing":
        return this.#confirmCommit(batch);
      case "Committed":
        return this.#finalize(batch);
      case "Finalizing":
        return this.#confirmFinalize(batch);
      default:
        return Promise.resolve(undefined);
    }
  }

  async #sign(batch: Batch): Promise<Batch> {
    const signature = await this.#options.signatureOf(batch.batch);
    return this.#options.store.advance(batch, "Signed", { signature });
  }

  async #commit(batch: Batch): Promise<Batch | undefined> {
    const { store, ledger } = this.#options;
    const { signature, hasLeaves } = batch;
    if (signature === undefined) throw new Error("a signed batch has no signature");
    // An earlier transaction may have done it, on a branch that came back.
    if (await this.#isInChain(batch)) return this.#committed(batch);
    const { signer, firstSeq } = batch.batch;
    if ((await ledger.nextSeqOf(signer)) > firstSeq) return this.#refused(batch, TAKEN);
    if (await this.#isTooOld(batch)) return this.#refused(batch, TOO_OLD);
    const previous = await store.before(batch.batch);
    if (previous !== undefined && !(await this.#isInChain(previous))) return undefined;
    // The chain's clock may be behind the one by which receipts are dated: it takes none of the future.
    if ((await ledger.now()) < batch.batch.completedAt) return undefined;
    const leaves = hasLeaves ? await store.leavesOf(batch.batch) : undefined;
    const data = ledger.commitCall({ batch: batch.batch, signature, leaves });
    return this.#send(batch, { purpose: "commit", data, to: "Committing" });
  }

  async #confirmCommit(batch: Batch): Promise<Batch> {
    const { store, submitter } = this.#options;
    await submitter.confirm({ subject: batch.batchId, purpose: "commit" });
    if (await this.#isInChain(batch)) return this.#committed(batch);
    return store.advance(batch, "Signed");
  }

  async #isInChain({ batchId }: Batch): Promise<boolean> {
    return (await this.#options.ledger.standingOf(batchId)).status !== "None";
  }

  async #isTooOld({ batch }: Batch): Promise<boolean> {
    const { store, ledger, nodeKey } = this.#options;
    if (batch.signer === nodeKey) return false;
    return (await store.oldestOf(batch)) + MAX_ATTESTED_AGE < (await ledger.now());
  }

  #refused(batch: Batch, reason: string): Promise<Batch> {
    const { batchId } = batch;
    this.#options.log.error({ batchId, reason }, "A batch can never be committed.");
    return this.#options.store.advance(batch, "Refused", { reason });
  }

  async #committed(batch: Batch): Promise<Batch> {
    const { store, ledger } = this.#options;
    const transactionHash = await ledger.commitmentOf(batch.batchId);
    return store.advance(batch, "Committed", {
      ...(transactionHash !== undefined && { transactionHash }),
    });
  }

  async #finalize(batch: Batch): Promise<Batch | undefined> {
    const { store, ledger } = this.#options;
    const { status, deadline, openDemands } = await ledger.standingOf(batch.batchId);
    if (status === "None") return store.advance(batch, "Signed");
    const end = ENDS[status];
    if (end !== undefined) return this.#end(batch, end);
    if ((await ledger.now()) <= deadline || openDemands > 0n) return undefined;
    const data = ledger.finalizeCall(batch.batch);
    return this.#send(batch, { purpose: "finalize", data, to: "Finalizing" });
  }

  async #confirmFinalize(batch: Batch): Promise<Batch> {
    const { store, ledger, submitter } = this.#options;
    await submitter.confirm({ subject: batch.batchId, purpose: "finalize" });
    const end = ENDS[(await ledger.standingOf(batch.batchId)).status];
    return end === undefined ? store.advance(batch, "Committed") : this.#end(batch, end);
  }

  async #end(batch: Batch, end: BatchState): Promise<Batch> {
    if (end === "Rejected")
      this.#options.log.error({ batchId: batch.batchId }, "A batch of this node was rejected.");
    return this.#options.store.advance(batch, end);
  }

  async #send(
    batch: Batch,
    { purpose, data, to }: { purpose: BatchPurpose; data: string; to: BatchState },
  ): Promise<Batch> {
    const { submitter, store, ledger } = this.#options;
    const sent = Promise.withResolvers<Batch>();
    const intent = { subject: batch.batchId, purpose, to: ledger.address, data };
    await submitter.sign(intent, async (transaction) => {
      sent.resolve(await store.advance(batch, to, { transaction }));
    });
    return sent.promise;
  }
}
