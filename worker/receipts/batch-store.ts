import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import type { DirectRecord } from "./direct-answer.ts";
import {
  BATCH_STATES,
  BATCH_TRANSITIONS,
  ENDED_BATCH_STATES,
  type BatchState,
} from "./batch-states.ts";
import { recordOf } from "./record-codec.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { SignedTransaction } from "../chain/transaction.ts";
import type { WorkerEvents } from "../events.ts";
import type { Queryable } from "../storage/database.ts";
import {
  batchId,
  batchOfLeaves,
  type BatchLeaf,
  type InferenceBatch,
} from "../../sdk/inference-batch.ts";
import { batchSchema } from "../../sdk/receipt-envelope.ts";

/** Receipts of one key that are committed together, and how far that is. */
export interface Batch {
  readonly batchId: string;
  readonly state: BatchState;
  readonly batch: InferenceBatch;
  /** Whether the leaves go into the chain, where everybody can rebuild the tree. */
  readonly hasLeaves: boolean;
  /** Over the batch; from `Signed` on. */
  readonly signature: string | undefined;
  /** Of the commitment; from `Committed` on. */
  readonly transactionHash: string | undefined;
  readonly reason: string | undefined;
}

/** What a step adds to its batch. */
export interface BatchChange {
  readonly signature?: string;
  readonly transactionHash?: string;
  /** Signed, not yet sent: stored together with the new state. */
  readonly transaction?: SignedTransaction;
  readonly reason?: string;
}

/** A receipt that is in no batch yet. */
export interface OpenReceipt extends BatchLeaf {
  readonly requestId: string;
  readonly modelId: string;
  readonly seq: bigint;
  /** In milliseconds. */
  readonly ageMs: number;
}

const rowSchema = z.object({
  batch_id: z.string(),
  state: z.enum(BATCH_STATES),
  batch: z.string(),
  has_leaves: z.boolean(),
  signature: z.string().nullable(),
  transaction_hash: z.string().nullable(),
  reason: z.string().nullable(),
});

const openRowSchema = z.object({
  request_id: z.string(),
  model_id: z.string(),
  seq: z.coerce.bigint(),
  leaf: z.string(),
  fee: z.coerce.bigint(),
  completed_at: z.coerce.bigint(),
  age_ms: z.coerce.number(),
});

const oldestRowSchema = z.object({ oldest: z.coerce.bigint() });

const signerRowSchema = z.object({ signer: z.string(), unbatched_seq: z.coerce.bigint() });

export interface BatchStoreOptions {
  /** The operator, whose stake stands behind the batches. */
  readonly node: string;
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly events: WorkerEvents;
}

/** All batches of this node. Every change of state is stored before anything follows from it. */
export class BatchStore {
  readonly #options: BatchStoreOptions;

  constructor(options: BatchStoreOptions) {
    this.#options = options;
  }

  /** Who has signed receipts, and the first number of each that is in no batch. */
  async signers(): Promise<readonly { readonly signer: string; readonly unbatchedSeq: bigint }[]> {
    const { rows } = await this.#options.database.query("SELECT * FROM receipt_signers");
    return rows.map((row) => {
      const { signer, unbatched_seq: unbatchedSeq } = signerRowSchema.parse(row);
      return { signer, unbatchedSeq };
    });
  }

  /** The first receipts of a key, from a number on, in their order; there may be gaps between them. */
  async openReceipts(
    signer: string,
    { from, limit }: { readonly from: bigint; readonly limit: number },
  ): Promise<readonly OpenReceipt[]> {
    const { rows } = await this.#options.database.query(
      `SELECT request_id, model_id, seq::text, leaf, fee::text, completed_at::text,
         extract(epoch FROM now() - journalled_at) * 1000 AS age_ms
       FROM receipts WHERE signer = $1 AND seq >= $2 ORDER BY seq LIMIT $3`,
      [signer, from, limit],
    );
    return rows.map((row) => {
      const { request_id, model_id, completed_at, age_ms, ...rest } = openRowSchema.parse(row);
      const ids = { requestId: request_id, modelId: model_id };
      return { ...rest, ...ids, completedAt: completed_at, ageMs: age_ms };
    });
  }

  /** Fixes a batch of receipts that are in none yet. */
  async seal(
    signer: string,
    receipts: readonly OpenReceipt[],
    hasLeaves: boolean,
  ): Promise<InferenceBatch> {
    const firstSeq = receipts[0]?.seq ?? 0n;
    const { node } = this.#options;
    const batch = batchOfLeaves({ node, signer, firstSeq, leaves: receipts });
    const id = batchId(batch);
    await this.#options.database.transaction(async (within) => {
      await within.query(
        `INSERT INTO batches (batch_id, state, signer, first_seq, count, batch, has_leaves)
         VALUES ($1, 'Sealed', $2, $3, $4, $5, $6)`,
        [id, signer, firstSeq, receipts.length, encodeBatch(batch), hasLeaves],
      );
      await within.query("UPDATE receipt_signers SET unbatched_seq = $2 WHERE signer = $1", [
        signer,
        firstSeq + batch.count,
      ]);
    });
    this.#tell(id, "Sealed");
    return batch;
  }

  async get(id: string): Promise<Batch | undefined> {
    const { rows } = await this.#options.database.query(
      "SELECT * FROM batches WHERE batch_id = $1",
      [id],
    );
    return rows.length === 0 ? undefined : batchOfRow(rows[0]);
  }

  /** Batches that have not ended, the oldest first. */
  async open(): Promise<readonly Batch[]> {
    const { rows } = await this.#options.database.query(
      "SELECT * FROM batches WHERE state <> ALL ($1) ORDER BY changed_at, batch_id",
      [ENDED_BATCH_STATES],
    );
    return rows.map((row) => batchOfRow(row));
  }

  /** The batch that a receipt is in. */
  async batchWith(signer: string, seq: bigint): Promise<Batch | undefined> {
    const { rows } = await this.#options.database.query(
      `SELECT * FROM batches WHERE signer = $1 AND first_seq <= $2 AND first_seq + count > $2
       LIMIT 1`,
      [signer, seq],
    );
    return rows.length === 0 ? undefined : batchOfRow(rows[0]);
  }

  /** The batch of the same key that comes before this one. */
  async before({ signer, firstSeq }: InferenceBatch): Promise<Batch | undefined> {
    const { rows } = await this.#options.database.query(
      `SELECT * FROM batches WHERE signer = $1 AND first_seq < $2 AND state <> 'Refused'
       ORDER BY first_seq DESC LIMIT 1`,
      [signer, firstSeq],
    );
    return rows.length === 0 ? undefined : batchOfRow(rows[0]);
  }

  /** When the oldest receipt of a batch was completed, Unix time in seconds. */
  async oldestOf({ signer, firstSeq, count }: InferenceBatch): Promise<bigint> {
    const { rows } = await this.#options.database.query(
      `SELECT min(completed_at)::text AS oldest FROM receipts
       WHERE signer = $1 AND seq >= $2 AND seq < $3`,
      [signer, firstSeq, firstSeq + count],
    );
    return oldestRowSchema.parse(rows[0]).oldest;
  }

  /** Leaves of a batch, in their order. */
  async leavesOf({ signer, firstSeq, count }: InferenceBatch): Promise<readonly string[]> {
    const { rows } = await this.#options.database.query<{ leaf: string }>(
      `SELECT leaf FROM receipts WHERE signer = $1 AND seq >= $2 AND seq < $3 ORDER BY seq`,
      [signer, firstSeq, firstSeq + count],
    );
    return rows.map(({ leaf }) => leaf);
  }

  /** Receipts of a batch from a place on, in their order. */
  async recordsOf(
    { signer, firstSeq, count }: InferenceBatch,
    { from, limit }: { readonly from: number; readonly limit: number },
  ): Promise<readonly DirectRecord[]> {
    const { rows } = await this.#options.database.query(
      `SELECT * FROM receipts WHERE signer = $1 AND seq >= $2 AND seq < $3 ORDER BY seq LIMIT $4`,
      [signer, firstSeq + BigInt(from), firstSeq + count, limit],
    );
    return rows.map((row) => recordOf(row));
  }

  /**
   * Brings a batch into its next state, with all that belongs to the change.
   *
   * @throws Error if there is no such transition, or if the batch is not in the state any more that it was read in.
   */
  async advance(from: Batch, to: BatchState, change: BatchChange = {}): Promise<Batch> {
    if (!BATCH_TRANSITIONS[from.state].includes(to))
      throw new Error(`A batch cannot go from ${from.state} to ${to}.`);
    const { database, transactions } = this.#options;
    const { signature, transactionHash, transaction, reason } = change;
    const row = await database.transaction(async (within) => {
      const { rows } = await within.query(
        `UPDATE batches SET state = $3, reason = $4, changed_at = now(),
           signature = coalesce($5, signature), transaction_hash = coalesce($6, transaction_hash)
         WHERE batch_id = $1 AND state = $2 RETURNING *`,
        [from.batchId, from.state, to, reason ?? null, signature ?? null, transactionHash ?? null],
      );
      if (rows.length !== 1) throw new Error(`The batch is not ${from.state} any more.`);
      await recordIfAny(transactions, transaction, within);
      return rows[0];
    });
    this.#tell(from.batchId, to, reason);
    return batchOfRow(row);
  }

  #tell(id: string, state: BatchState, reason?: string): void {
    this.#options.events.emit("batch", { batchId: id, state, reason });
  }
}

async function recordIfAny(
  transactions: TransactionJournal,
  transaction: SignedTransaction | undefined,
  within: Queryable,
): Promise<void> {
  if (transaction !== undefined) await transactions.record(transaction, within);
}

function encodeBatch(batch: InferenceBatch): string {
  return JSON.stringify(batchSchema.encode(batch));
}

function batchOfRow(row: unknown): Batch {
  const { batch_id, state, batch, has_leaves, signature, transaction_hash, reason } =
    rowSchema.parse(row);
  return {
    ...{ batchId: batch_id, state, hasLeaves: has_leaves },
    batch: batchSchema.parse(JSON.parse(batch)),
    signature: signature ?? undefined,
    transactionHash: transaction_hash ?? undefined,
    reason: reason ?? undefined,
  };
}
