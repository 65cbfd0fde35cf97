import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import type { Queryable } from "../storage/database.ts";
import {
  TRANSACTION_PURPOSES,
  type IntentKey,
  type SignedTransaction,
  type TransactionOutcome,
  type TransactionPurpose,
} from "./transaction.ts";

const rowSchema = z.object({
  subject: z.string(),
  purpose: z.enum(TRANSACTION_PURPOSES),
  hash: z.string(),
  raw: z.string(),
  nonce: z.coerce.number(),
});

const outcomeSchema = z.object({
  outcome: z.enum(["mined", "reverted", "lost", "abandoned"]).nullable(),
});

/** Every transaction that was signed, and how it ended. */
export class TransactionJournal {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /** Notes a signed transaction, within the database transaction that the caller gives. */
  async record(transaction: SignedTransaction, within: Queryable = this.#database): Promise<void> {
    const { hash, subject, purpose, nonce, raw } = transaction;
    await within.query(
      "INSERT INTO transactions (hash, subject, purpose, nonce, raw) VALUES ($1, $2, $3, $4, $5)",
      [hash, subject, purpose, nonce, raw],
    );
  }

  /** Transactions of an intent whose outcome is not known; the one with the highest fees last. */
  async pending({ subject, purpose }: IntentKey): Promise<readonly SignedTransaction[]> {
    const { rows } = await this.#database.query(
      `SELECT * FROM transactions WHERE subject = $1 AND purpose = $2 AND outcome IS NULL
       ORDER BY signed_at, hash`,
      [subject, purpose],
    );
    return rows.map(transactionOf);
  }

  /** Subjects of intents for a purpose whose outcome is not known, in the order in which they were signed. */
  async pendingSubjects(purpose: TransactionPurpose): Promise<readonly string[]> {
    const { rows } = await this.#database.query<{ subject: string }>(
      `SELECT subject FROM transactions WHERE purpose = $1 AND outcome IS NULL
       GROUP BY subject ORDER BY min(nonce)`,
      [purpose],
    );
    return rows.map(({ subject }) => subject);
  }

  /** Hashes of all transactions that were ever signed for an intent. */
  async hashes({ subject, purpose }: IntentKey): Promise<readonly string[]> {
    const { rows } = await this.#database.query<{ hash: string }>(
      "SELECT hash FROM transactions WHERE subject = $1 AND purpose = $2 ORDER BY signed_at DESC",
      [subject, purpose],
    );
    return rows.map(({ hash }) => hash);
  }

  /** How often an intent was carried out and did not have the wanted effect. */
  async attempts({ subject, purpose }: IntentKey): Promise<number> {
    const { rows } = await this.#database.query<{ count: number }>(
      "SELECT count(DISTINCT nonce)::int AS count FROM transactions WHERE subject = $1 AND purpose = $2",
      [subject, purpose],
    );
    return rows[0]?.count ?? 0;
  }

  /** How the latest transaction of an intent ended, if that is known. */
  async lastOutcome({ subject, purpose }: IntentKey): Promise<TransactionOutcome | undefined> {
    const { rows } = await this.#database.query(
      `SELECT outcome FROM transactions WHERE subject = $1 AND purpose = $2
       ORDER BY nonce DESC LIMIT 1`,
      [subject, purpose],
    );
    return rows.length === 0 ? undefined : (outcomeSchema.parse(rows[0]).outcome ?? undefined);
  }

  /** Highest nonce that is taken by a transaction whose outcome is not known. */
  async highestPendingNonce(): Promise<number | undefined> {
    const { rows } = await this.#database.query<{ nonce: number | null }>(
      "SELECT max(nonce)::int AS nonce FROM transactions WHERE outcome IS NULL",
    );
    return rows[0]?.nonce ?? undefined;
  }

  /** Notes how all transactions of a nonce ended: one of them in the chain, or none. */
  async settle(nonce: number, outcome: TransactionOutcome): Promise<void> {
    await this.#database.query(
      "UPDATE transactions SET outcome = $2 WHERE nonce = $1 AND outcome IS NULL",
      [nonce, outcome],
    );
  }
}

function transactionOf(row: unknown): SignedTransaction {
  const { subject, purpose, hash, raw, nonce } = rowSchema.parse(row);
  return { subject, purpose, hash, raw, nonce };
}
