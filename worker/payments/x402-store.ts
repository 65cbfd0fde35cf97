import type { PGlite } from "@electric-sql/pglite";
import { concat, keccak256 } from "ethers";
import { z } from "zod";
import type { Queryable } from "../storage/database.ts";

const STATES = ["owed", "settled", "failed"] as const;

/**
 * `owed`: an answer is there that it stands for; `settled`: its money is there; `failed`: it never will be, and the answer waits for
 * another payment.
 */
export type X402State = (typeof STATES)[number];

/** An authorisation (ERC-3009) that was shown. */
export interface X402Payment {
  /** `paymentIdOf`. */
  readonly id: string;
  readonly payer: string;
  /** The authorisation's. */
  readonly nonce: string;
  readonly amount: bigint;
  /** The request for which it was shown, but for whom it is asked. */
  readonly binding: string;
  /** The authorisation and its signature, as text: who shows the same again knows it. */
  readonly evidence: string;
  /** Newest block when it was shown: it was not settled before. */
  readonly seenAtBlock: number;
}

/** One that stands, or stood, for an answer. */
export interface JournalledX402Payment extends X402Payment {
  readonly requestId: string;
  readonly state: X402State;
  readonly transactionHash: string | undefined;
}

const rowSchema = z
  .object({
    payment_id: z.string(),
    request_id: z.string(),
    payer: z.string(),
    nonce: z.string(),
    amount: z.coerce.bigint(),
    binding: z.string(),
    evidence: z.string(),
    state: z.enum(STATES),
    seen_at_block: z.coerce.number(),
    transaction_hash: z.string().nullable(),
  })
  .transform(({ payment_id, request_id, seen_at_block, transaction_hash, ...same }) => ({
    ...same,
    id: payment_id,
    requestId: request_id,
    seenAtBlock: seen_at_block,
    transactionHash: transaction_hash ?? undefined,
  }));

/** What tells payments apart: the token takes each nonce of a payer once. */
export function paymentIdOf(payer: string, nonce: string): string {
  return keccak256(concat([payer, nonce]));
}

/** The journal of x402 payments. */
export class X402Store {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /**
   * Notes what stands for an answer, within the database transaction that the caller gives.
   *
   * @returns false if the payment stands for another answer, or another payment for this one.
   */
  async add(
    { id, payer, nonce, amount, binding, evidence, seenAtBlock }: X402Payment,
    requestId: string,
    { state = "owed", within = this.#database }: { state?: X402State; within?: Queryable } = {},
  ): Promise<boolean> {
    const { rows } = await within.query(
      `INSERT INTO x402_payments
         (payment_id, request_id, payer, nonce, amount, binding, evidence, seen_at_block, state)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING payment_id`,
      [id, requestId, payer, nonce, String(amount), binding, evidence, seenAtBlock, state],
    );
    return rows.length === 1;
  }

  async get(id: string): Promise<JournalledX402Payment | undefined> {
    const { rows } = await this.#database.query(
      "SELECT * FROM x402_payments WHERE payment_id = $1",
      [id],
    );
    return rows.map((row) => rowSchema.parse(row)).at(0);
  }

  /** All that ever stood for an answer. */
  async of(
    requestId: string,
    within: Queryable = this.#database,
  ): Promise<readonly JournalledX402Payment[]> {
    const { rows } = await within.query("SELECT * FROM x402_payments WHERE request_id = $1", [
      requestId,
    ]);
    return rows.map((row) => rowSchema.parse(row));
  }

  async settle(id: string, transactionHash: string): Promise<void> {
    await this.#database.query(
      "UPDATE x402_payments SET state = 'settled', transaction_hash = $2 WHERE payment_id = $1",
      [id, transactionHash],
    );
  }

  async fail(id: string): Promise<void> {
    await this.#database.query(
      "UPDATE x402_payments SET state = 'failed' WHERE payment_id = $1 AND state = 'owed'",
      [id],
    );
  }

  /** Lets a channel pay for an answer whose payments all failed. `charge` is called within the same database transaction. */
  replaceFailed(
    failed: JournalledX402Payment,
    charge: (within: Queryable) => Promise<void>,
  ): Promise<void> {
    const { requestId } = failed;
    return this.#database.transaction(async (within) => {
      const replacement = { ...failed, id: requestId };
      if (!(await this.add(replacement, requestId, { state: "settled", within })))
        throw new Error(`The answer ${requestId} is paid already.`);
      await charge(within);
    });
  }
}
