import type { PGlite } from "@electric-sql/pglite";
import { addCheckpoint, type Checkpoint } from "../chain/checkpoints.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { SignedTransaction } from "../chain/transaction.ts";
import type { WorkerEvents } from "../events.ts";
import type { JobQueue } from "./job-queue.ts";
import { ENDED, TRANSITIONS, type JobState } from "./job-states.ts";
import { encodeTerms, jobOf, type FoundRequest, type Job, type Answer } from "./job.ts";

/** What a step adds to its job. */
export interface JobChange {
  readonly answer?: Answer;
  /** Of a private input. */
  readonly opening?: Uint8Array | undefined;
  /** Signed, not yet sent: stored together with the new state. */
  readonly transaction?: SignedTransaction;
  readonly reason?: string;
}

/** How long an ended job can be reopened: far longer than any reorganisation goes back. */
const REOPENED_FOR = "1 hour";

export interface JobStoreOptions {
  readonly database: PGlite;
  readonly queue: JobQueue;
  readonly transactions: TransactionJournal;
  readonly events: WorkerEvents;
}

/** All jobs of this node. Every change of state is stored before anything follows from it. */
export class JobStore {
  readonly #options: JobStoreOptions;

  constructor(options: JobStoreOptions) {
    this.#options = options;
  }

  /**
   * Stores and queues the requests up to a checkpoint, and the checkpoint, all or nothing. A request that is known has come
   * back in another block: if its job has ended, it is looked at again.
   */
  async add(requests: readonly FoundRequest[], upTo: Checkpoint): Promise<void> {
    const { database, queue, events } = this.#options;
    const added = await database.transaction(async (within) => {
      const isNew: string[] = [];
      for (const { requestId, terms, input } of requests) {
        const { rows } = await within.query(
          `INSERT INTO jobs (request_id, state, terms, input) VALUES ($1, 'Found', $2, $3)
           ON CONFLICT (request_id) DO UPDATE SET state = 'Found', reason = NULL
             WHERE jobs.state = ANY ($4)
           RETURNING request_id`,
          [requestId, encodeTerms(terms), input, ENDED],
        );
        if (rows.length === 0) continue;
        await queue.send(requestId, within);
        isNew.push(requestId);
      }
      await addCheckpoint(within, upTo);
      return isNew;
    });
    for (const requestId of added) {
      events.emit("job", { requestId, state: "Found", reason: undefined });
    }
    if (added.length > 0) queue.wake();
  }

  async get(requestId: string): Promise<Job | undefined> {
    const { rows } = await this.#options.database.query(
      "SELECT * FROM jobs WHERE request_id = $1",
      [requestId],
    );
    return rows.length === 0 ? undefined : jobOf(rows[0]);
  }

  /**
   * Brings a job into its next state, with all that belongs to the change.
   *
   * @throws Error if there is no such transition, or if the job is not in the state any more that it was read in.
   */
  async advance(job: Job, to: JobState, change: JobChange = {}): Promise<void> {
    if (!TRANSITIONS[job.state].includes(to)) {
      throw new Error(`A job cannot go from ${job.state} to ${to}.`);
    }
    const { database, transactions, events } = this.#options;
    const { requestId } = job;
    const { answer, transaction, reason, opening } = change;
    await database.transaction(async (within) => {
      const { affectedRows } = await within.query(
        `UPDATE jobs SET state = $3, reason = $4, changed_at = now(),
           output = coalesce($5, output), evidence = coalesce($6, evidence),
           durations_ms = coalesce($7, durations_ms),
           shared = CASE WHEN $6::bytea IS NULL THEN shared ELSE $8 END,
           opening = coalesce($9, opening)
         WHERE request_id = $1 AND state = $2`,
        [requestId, job.state, to, reason ?? null, ...answerColumns(answer), opening ?? null],
      );
      if (affectedRows !== 1) throw new Error(`The job is not ${job.state} any more.`);
      if (transaction !== undefined) await transactions.record(transaction, within);
    });
    events.emit("job", { requestId, state: to, reason });
  }

  /** Looks at lately ended jobs again: what ended them may not be in the chain any more. */
  async reopen(): Promise<void> {
    const { database, queue } = this.#options;
    await database.transaction(async (within) => {
      const { rows } = await within.query<{ request_id: string }>(
        `UPDATE jobs SET state = 'Found', reason = NULL
         WHERE state = ANY ($1) AND changed_at > now() - interval '${REOPENED_FOR}'
         RETURNING request_id`,
        [ENDED],
      );
      for (const { request_id } of rows) await queue.send(request_id, within);
    });
    queue.wake();
  }

  /** Queues every job that has not ended. For the start: whoever worked on them before is gone. */
  async resume(): Promise<void> {
    const { database, queue } = this.#options;
    await database.transaction(async (within) => {
      const { rows } = await within.query<{ request_id: string }>(
        "SELECT request_id FROM jobs WHERE state <> ALL ($1)",
        [ENDED],
      );
      for (const { request_id } of rows) await queue.send(request_id, within);
    });
  }
}

/** Output, evidence, times, and with whom the evidence is shared; nulls leave what is there. */
function answerColumns(answer: Answer | undefined): readonly unknown[] {
  if (answer === undefined) return [null, null, null, null];
  const { output, evidence, durationsMs, shared } = answer;
  return [
    output,
    evidence,
    JSON.stringify(durationsMs),
    shared === undefined ? null : JSON.stringify(shared),
  ];
}
