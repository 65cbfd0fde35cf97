import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import { addCheckpoint, type Checkpoint } from "../chain/checkpoints.ts";
import type { WorkerEvents } from "../events.ts";
import type { Queryable } from "../storage/database.ts";
import type { CommittedBatch } from "./batch.ts";
import { BATCH_STATES, BATCH_TRANSITIONS, ENDED_BATCHES, type BatchState } from "./batch-states.ts";
import { committedSchema, decode, encode } from "./codec.ts";

/** A batch on its way through this verifier. */
export interface BatchRecord {
  readonly committed: CommittedBatch;
  readonly state: BatchState;
  /** Why it is in its state, where the state alone does not say it. */
  readonly reason: string | undefined;
  readonly foundAt: Date;
}

const rowSchema = z.object({
  state: z.enum(BATCH_STATES),
  committed: z.string(),
  reason: z.string().nullable(),
  found_at: z.date(),
});

/** How long an ended batch can be reopened: far longer than any reorganisation goes back. */
const REOPENED_FOR = "1 hour";

/** All batches of the chain. Every change of state is stored before anything follows from it. */
export class BatchStore {
  readonly #database: PGlite;
  readonly #events: WorkerEvents;

  constructor(database: PGlite, events: WorkerEvents) {
    this.#database = database;
    this.#events = events;
  }

  /**
   * Stores the batches up to a checkpoint, and the checkpoint, all or nothing. One that is known has come back in another block:
   * if it had ended, it is looked at again.
   */
  async add(found: readonly CommittedBatch[], upTo: Checkpoint): Promise<void> {
    await this.#database.transaction(async (within) => {
      for (const committed of found)
        await within.query(
          `INSERT INTO verified_batches (batch_id, state, committed) VALUES ($1, 'Found', $2)
           ON CONFLICT (batch_id) DO UPDATE SET committed = excluded.committed,
             state = CASE WHEN verified_batches.state = ANY ($3) THEN 'Found'
                          ELSE verified_batches.state END`,
          [committed.batchId, encode(committedSchema, committed), ENDED_BATCHES],
        );
      await addCheckpoint(within, upTo);
    });
    for (const { batchId } of found) this.#tell(batchId, "Found");
  }

  async get(batchId: string): Promise<BatchRecord | undefined> {
    const { rows } = await this.#database.query(
      "SELECT * FROM verified_batches WHERE batch_id = $1",
      [batchId],
    );
    return rows.length === 0 ? undefined : recordOf(rows[0]);
  }

  /** Batches that have not ended, or about which something is still to be done; the oldest first. */
  async pending(): Promise<readonly BatchRecord[]> {
    const { rows } = await this.#database.query(
      `SELECT * FROM verified_batches WHERE state <> ALL ($1) OR batch_id IN
         (SELECT batch_id FROM verifier_actions WHERE state IN ('Wanted', 'Sending', 'Open'))
       ORDER BY found_at, batch_id`,
      [ENDED_BATCHES],
    );
    return rows.map(recordOf);
  }

  /**
   * Brings a batch into its next state, together with what `alongside` stores.
   *
   * @throws Error if there is no such transition, or if the batch is not in the state any more that it was read in.
   */
  async advance(
    { committed: { batchId }, state }: BatchRecord,
    to: BatchState,
    {
      reason,
      alongside,
    }: {
      readonly reason?: string | undefined;
      readonly alongside?: (within: Queryable) => Promise<void>;
    } = {},
  ): Promise<void> {
    if (!BATCH_TRANSITIONS[state].includes(to))
      throw new Error(`A batch cannot go from ${state} to ${to}.`);
    await this.#database.transaction(async (within) => {
      const { affectedRows } = await within.query(
        `UPDATE verified_batches SET state = $3, reason = $4, changed_at = now()
         WHERE batch_id = $1 AND state = $2`,
        [batchId, state, to, reason ?? null],
      );
      if (affectedRows !== 1) throw new Error(`The batch is not ${state} any more.`);
      await alongside?.(within);
    });
    this.#tell(batchId, to, reason);
  }

  /** Looks at lately ended batches again, and at what was done about them: it may not be in the chain any more. */
  async reopen(): Promise<void> {
    await this.#database.transaction(async (within) => {
      await within.query(
        `UPDATE verifier_actions SET state = 'Wanted', reason = NULL
         WHERE state IN ('Open', 'Done', 'Moot') AND batch_id IN
           (SELECT batch_id FROM verified_batches
            WHERE changed_at > now() - interval '${REOPENED_FOR}')`,
      );
      await within.query(
        `UPDATE verified_batches SET state = 'Found', reason = NULL
         WHERE state = ANY ($1) AND changed_at > now() - interval '${REOPENED_FOR}'`,
        [ENDED_BATCHES],
      );
    });
  }

  #tell(batchId: string, state: BatchState, reason?: string): void {
    this.#events.emit("verification", { batchId, state, reason });
  }
}

function recordOf(row: unknown): BatchRecord {
  const { state, committed, reason, found_at } = rowSchema.parse(row);
  return {
    state,
    committed: decode(committedSchema, committed),
    reason: reason ?? undefined,
    foundAt: found_at,
  };
}
