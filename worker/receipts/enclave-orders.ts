import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import type { DirectOrder } from "./direct-answer.ts";
import { decodeOrder, encodeOrder } from "./record-codec.ts";

/** An order that an enclave was given, and the key of that enclave. */
export interface PlacedOrder {
  readonly requestId: string;
  readonly key: string;
  readonly order: DirectOrder;
}

const rowSchema = z.object({
  request_id: z.string(),
  key: z.string(),
  details: z.string(),
  input: z.instanceof(Uint8Array),
});

/**
 * What enclaves were asked, from before they could sign an answer until its receipt is in the journal or it is known that there is
 * none. What an enclave has signed uses a number, whether it comes here or not.
 */
export class EnclaveOrders {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /** Notes an order. If the request was placed before, the terms of then are kept, and returned: the enclave knows no others. */
  async place({ requestId, key, order }: PlacedOrder): Promise<DirectOrder> {
    const { rows } = await this.#database.query(
      `INSERT INTO enclave_orders (request_id, key, details, input) VALUES ($1, $2, $3, $4)
       ON CONFLICT (request_id) DO UPDATE SET key = excluded.key RETURNING *`,
      [requestId, key, encodeOrder(order), order.input],
    );
    return placedOrderOf(rows[0]).order;
  }

  async all(): Promise<readonly PlacedOrder[]> {
    const { rows } = await this.#database.query("SELECT * FROM enclave_orders");
    return rows.map((row) => placedOrderOf(row));
  }

  /** Whether an enclave may have signed what is not in the journal. */
  async hasAny(key: string): Promise<boolean> {
    const { rows } = await this.#database.query(
      "SELECT 1 FROM enclave_orders WHERE key = $1 LIMIT 1",
      [key],
    );
    return rows.length > 0;
  }

  async remove(requestId: string): Promise<void> {
    await this.#database.query("DELETE FROM enclave_orders WHERE request_id = $1", [requestId]);
  }
}

function placedOrderOf(row: unknown): PlacedOrder {
  const { request_id: requestId, key, details, input } = rowSchema.parse(row);
  return { requestId, key, order: decodeOrder(details, input) };
}
