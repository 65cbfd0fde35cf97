import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import {
  DEMAND_STATES,
  DEMAND_TRANSITIONS,
  ENDED_DEMAND_STATES,
  type DemandState,
} from "./demand-states.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { SignedTransaction } from "../chain/transaction.ts";
import type { WorkerEvents } from "../events.ts";

const DEMAND_KINDS = ["receipt", "proof"] as const;

/** What is wanted of a receipt: to see it, or a proof of its answer. */
export type DemandKind = (typeof DEMAND_KINDS)[number];

/** Something that is wanted of a batch. */
export interface DemandKey {
  readonly batchId: string;
  /** Place of the receipt in the batch. */
  readonly index: number;
  readonly kind: DemandKind;
}

/** As the chain told of it. */
export interface FoundDemand extends DemandKey {
  /** Unix time in seconds until which it can be answered. */
  readonly deadline: bigint;
}

export interface Demand extends FoundDemand {
  readonly state: DemandState;
}

const rowSchema = z.object({
  batch_id: z.string(),
  index: z.number(),
  kind: z.enum(DEMAND_KINDS),
  deadline: z.coerce.bigint(),
  state: z.enum(DEMAND_STATES),
});

export interface DemandStoreOptions {
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly events: WorkerEvents;
}

/** What was demanded of this node's batches. Every change of state is stored before anything follows from it. */
export class DemandStore {
  readonly #options: DemandStoreOptions;

  constructor(options: DemandStoreOptions) {
    this.#options = options;
  }

  /** Up to which block the chain was read. */
  async readUpTo(): Promise<number | undefined> {
    const { rows } = await this.#options.database.query<{ block_number: number }>(
      "SELECT block_number::int AS block_number FROM demands_read",
    );
    return rows[0]?.block_number;
  }

  /** Stores demands, if they are of batches of this node, and up to where the chain was read, all or nothing. */
  async add(found: readonly FoundDemand[], upTo: number): Promise<void> {
    const added = await this.#options.database.transaction(async (within) => {
      const isNew: DemandKey[] = [];
      for (const { batchId, index, kind, deadline } of found) {
        const { rows } = await within.query(
          `INSERT INTO demands (batch_id, index, kind, deadline, state)
           SELECT $1, $2, $3, $4, 'Open' FROM batches WHERE batch_id = $1
           ON CONFLICT (batch_id, index, kind) DO UPDATE SET state = 'Open', deadline = $4
             WHERE demands.state = 'Orphaned'
           RETURNING batch_id`,
          [batchId, index, kind, deadline],
        );
        if (rows.length > 0) isNew.push({ batchId, index, kind });
      }
      await within.query("DELETE FROM demands_read");
      await within.query("INSERT INTO demands_read VALUES ($1)", [upTo]);
      return isNew;
    });
    for (const key of added) this.#tell(key, "Open");
  }

  /** Demands that have not ended, the most urgent first. */
  async open(): Promise<readonly Demand[]> {
    const { rows } = await this.#options.database.query(
      "SELECT * FROM demands WHERE state <> ALL ($1) ORDER BY deadline, batch_id, index",
      [ENDED_DEMAND_STATES],
    );
    return rows.map((row) => {
      const { batch_id: batchId, ...rest } = rowSchema.parse(row);
      return { batchId, ...rest };
    });
  }

  /**
   * Brings a demand into its next state.
   *
   * @throws Error if there is no such transition, or if it is not in the state any more that it was read in.
   */
  async advance(demand: Demand, to: DemandState, transaction?: SignedTransaction): Promise<Demand> {
    if (!DEMAND_TRANSITIONS[demand.state].includes(to))
      throw new Error(`A demand cannot go from ${demand.state} to ${to}.`);
    const { database, transactions } = this.#options;
    const { batchId, index, kind, state } = demand;
    await database.transaction(async (within) => {
      const { affectedRows } = await within.query(
        "UPDATE demands SET state = $5 WHERE batch_id = $1 AND index = $2 AND kind = $3 AND state = $4",
        [batchId, index, kind, state, to],
      );
      if (affectedRows !== 1) throw new Error(`The demand is not ${state} any more.`);
      if (transaction !== undefined) await transactions.record(transaction, within);
    });
    this.#tell(demand, to);
    return { ...demand, state: to };
  }

  #tell({ batchId, index, kind }: DemandKey, state: DemandState): void {
    this.#options.events.emit("demand", { batchId, index, kind, state });
  }
}
