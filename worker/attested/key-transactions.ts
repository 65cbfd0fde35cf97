import type { PGlite } from "@electric-sql/pglite";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { TransactionOutcome } from "../chain/transaction.ts";

/** What can be done on chain with an enclave's key. */
type KeyStep = "attest" | "renew" | "retire";

const STEPS: readonly KeyStep[] = ["attest", "renew", "retire"];

/** A step, and the call that takes it. */
export interface KeyCall {
  readonly step: KeyStep;
  readonly data: string;
  /** Wei to send along; none by default. */
  readonly value?: bigint;
}

export interface KeyTransactionsOptions {
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly submitter: Pick<Submitter, "sign" | "confirm" | "abandon">;
  /** Address of the registry of enclaves. */
  readonly registry: string;
}

/**
 * Transactions about enclaves' keys, each sent once whenever this process is killed, and the list of keys that they were about.
 * A key stands in the list from the moment its first transaction is signed until it is known to count no more.
 */
export class KeyTransactions {
  readonly #options: KeyTransactionsOptions;

  constructor(options: KeyTransactionsOptions) {
    this.#options = options;
  }

  /**
   * Signs a call, journals it, and sends it until it is in the chain.
   *
   * @throws the provider's call exception if the contract would refuse the call.
   */
  async send(key: string, { step, ...call }: KeyCall): Promise<TransactionOutcome | undefined> {
    const { database, transactions, submitter, registry } = this.#options;
    const intent = { subject: key, purpose: step };
    await submitter.sign({ ...intent, ...call, to: registry }, (signed) =>
      database.transaction(async (within) => {
        await within.query("INSERT INTO enclave_keys (key) VALUES ($1) ON CONFLICT DO NOTHING", [
          key,
        ]);
        await transactions.record(signed, within);
      }),
    );
    return submitter.confirm(intent);
  }

  /** Sends what a process before this one has signed for a key. */
  async finish(key: string): Promise<void> {
    for (const purpose of STEPS) await this.#options.submitter.confirm({ subject: key, purpose });
  }

  /** The same for a key that nobody has any more: its attestation would be paid for in vain. */
  async giveUp(key: string): Promise<void> {
    const { submitter } = this.#options;
    for (const purpose of ["attest", "renew"] as const)
      await submitter.abandon({ subject: key, purpose });
    await submitter.confirm({ subject: key, purpose: "retire" });
  }

  /** Keys that may still count, in the order in which they came. */
  async keys(): Promise<readonly string[]> {
    const { rows } = await this.#options.database.query<{ key: string }>(
      "SELECT key FROM enclave_keys ORDER BY added_at, key",
    );
    return rows.map(({ key }) => key);
  }

  /** Takes a key off the list. */
  async forget(key: string): Promise<void> {
    await this.#options.database.query("DELETE FROM enclave_keys WHERE key = $1", [key]);
  }
}
