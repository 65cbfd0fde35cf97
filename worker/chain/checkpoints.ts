import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import type { Queryable } from "../storage/database.ts";

/** Up to where the chain was read, on which branch. */
export interface Checkpoint {
  readonly blockNumber: number;
  readonly blockHash: string;
}

/** How many are kept: a reorganisation deeper than all of them is read from the deployment's block again. */
const KEPT = 256;

const rowSchema = z.object({ block_number: z.coerce.number(), block_hash: z.string() });

export class CheckpointStore {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  async last(): Promise<Checkpoint | undefined> {
    const { rows } = await this.#database.query(
      "SELECT * FROM checkpoints ORDER BY block_number DESC LIMIT 1",
    );
    if (rows.length === 0) return undefined;
    const { block_number, block_hash } = rowSchema.parse(rows[0]);
    return { blockNumber: block_number, blockHash: block_hash };
  }

  async drop({ blockNumber }: Checkpoint): Promise<void> {
    await this.#database.query("DELETE FROM checkpoints WHERE block_number >= $1", [blockNumber]);
  }
}

/** Adds a checkpoint within a database transaction. */
export async function addCheckpoint(
  within: Queryable,
  { blockNumber, blockHash }: Checkpoint,
): Promise<void> {
  await within.query("INSERT INTO checkpoints VALUES ($1, $2)", [blockNumber, blockHash]);
  await within.query(
    `DELETE FROM checkpoints WHERE block_number NOT IN
       (SELECT block_number FROM checkpoints ORDER BY block_number DESC LIMIT ${KEPT})`,
  );
}
