import type { PGlite } from "@electric-sql/pglite";
import { writeAllAlongside, writeAlongside, type Alongside } from "./alongside.ts";
import type { DirectRecord } from "./direct-answer.ts";
import type { NodeSigner, ReceiptDraft } from "./node-signer.ts";
import { encodeRecord, recordOf } from "./record-codec.ts";
import type { Queryable } from "../storage/database.ts";
import { GroupQueue, type GroupResults } from "../storage/group-queue.ts";
import { receiptLeaf } from "../../sdk/receipt-tree.ts";

/** An answer that waits to be journalled. */
type Entry = { readonly alongside: Alongside | undefined } & (
  | { readonly kind: "draft"; readonly draft: ReceiptDraft }
  | { readonly kind: "signed"; readonly record: DirectRecord }
);

export interface ReceiptJournalOptions {
  readonly database: PGlite;
  readonly signer: Pick<NodeSigner, "address" | "sign">;
  /** Least number that the node's key may use: one that the chain has seen used is not used again. */
  readonly leastSeq?: bigint;
}

/** Receipts that share a transaction: they are signed in one go, in which nothing else runs. */
const GROUP = 32;

/** Requests that are looked up at once. */
const LOOKUPS = 256;

/**
 * All receipts of this node, each journalled before anybody sees it.
 *
 * Numbers of the node's key are given out in one place, one group of receipts after the other: a group's receipts get the next
 * numbers, are signed and written in one transaction, and only what is committed leaves. A process that is killed before that has
 * shown nothing, and its numbers are used by others; killed after it, the receipt is there. So a number is never on two receipts
 * that anybody has seen.
 */
export class ReceiptJournal {
  readonly #database: PGlite;
  readonly #signer: Pick<NodeSigner, "address" | "sign">;
  readonly #leastSeq: bigint;
  readonly #entries = new GroupQueue((group: readonly Entry[]) => this.#writeGroup(group), GROUP);
  readonly #lookups = new GroupQueue((ids: readonly string[]) => this.#findAll(ids), LOOKUPS);
  /** Signers that are known to be in the database. */
  readonly #signers = new Set<string>();
  #nextSeq: bigint | undefined;

  constructor({ database, signer, leastSeq = 0n }: ReceiptJournalOptions) {
    this.#database = database;
    this.#signer = signer;
    this.#leastSeq = leastSeq;
  }

  /** Signs a receipt with the node's key under the next number, and journals it. */
  sign(draft: ReceiptDraft, alongside?: Alongside): Promise<DirectRecord> {
    return this.#entries.add({ kind: "draft", draft, alongside });
  }

  /**
   * Journals a receipt that an enclave has signed. It is kept also if what belongs to it cannot be: it is signed, and its number is
   * used.
   */
  add(record: DirectRecord, alongside?: Alongside): Promise<DirectRecord> {
    return this.#entries.add({ kind: "signed", record, alongside });
  }

  /** The answer to a request, if there is one. */
  find(requestId: string): Promise<DirectRecord | undefined> {
    return this.#lookups.add(requestId);
  }

  async #findAll(ids: readonly string[]): Promise<GroupResults<DirectRecord | undefined>> {
    const { rows } = await this.#database.query<{ request_id: string }>(
      "SELECT * FROM receipts WHERE request_id = ANY ($1)",
      [[...new Set(ids)]],
    );
    const found = new Map(rows.map((row) => [row.request_id, row]));
    return ids.map((id) => {
      const row = found.get(id);
      return { status: "fulfilled", value: row === undefined ? undefined : recordOf(row) };
    });
  }

  async #writeGroup(entries: readonly Entry[]): Promise<GroupResults<DirectRecord>> {
    try {
      const records = await this.#write(entries);
      return records.map((value) => ({ status: "fulfilled", value }));
    } catch (error) {
      // What one of them is to blame for must not end the others.
      if (entries.length === 1)
        return Promise.all(entries.map((each) => this.#fallBack(each, error)));
      const results: PromiseSettledResult<DirectRecord>[] = [];
      for (const entry of entries) results.push(...(await this.#writeGroup([entry])));
      return results;
    }
  }

  /** What becomes of an entry that could not be written. */
  async #fallBack(entry: Entry, reason: unknown): Promise<PromiseSettledResult<DirectRecord>> {
    if (entry.kind === "draft") return { status: "rejected", reason };
    const { record, alongside } = entry;
    const known = await this.#database.query(
      "SELECT 1 FROM receipts WHERE request_id = $1 AND signer = $2 AND seq = $3",
      [record.receipt.requestId, record.signer, record.receipt.seq],
    );
    if (known.rows.length === 0) {
      if (alongside !== undefined) await this.#write([{ ...entry, alongside: undefined }]);
      return { status: "rejected", reason };
    }
    // It was recovered meanwhile, without what belongs to it.
    await this.#database.transaction((within) => writeAlongside(within, alongside, record));
    return { status: "fulfilled", value: record };
  }

  async #write(entries: readonly Entry[]): Promise<readonly DirectRecord[]> {
    let seq = this.#nextSeq ?? (await this.#readNextSeq());
    // Unknown until it is known to be committed.
    this.#nextSeq = undefined;
    const records = entries.map((entry) =>
      entry.kind === "signed" ? entry.record : this.#signer.sign(entry.draft, seq++),
    );
    await this.#database.transaction(async (within) => {
      await this.#addSigners(within, records);
      await insertRecords(within, records);
      await forgetOrders(within, entries);
      await writeAllAlongside(within, withTheirRecords(entries, records));
    });
    this.#nextSeq = seq;
    for (const { signer } of records) this.#signers.add(signer);
    return records;
  }

  async #addSigners(within: Queryable, records: readonly DirectRecord[]): Promise<void> {
    for (const signer of new Set(records.map((record) => record.signer)))
      if (!this.#signers.has(signer))
        await within.query(
          "INSERT INTO receipt_signers (signer) VALUES ($1) ON CONFLICT DO NOTHING",
          [signer],
        );
  }

  async #readNextSeq(): Promise<bigint> {
    const { rows } = await this.#database.query<{ seq: string }>(
      "SELECT coalesce(max(seq) + 1, 0)::text AS seq FROM receipts WHERE signer = $1",
      [this.#signer.address],
    );
    const next = BigInt(rows[0]?.seq ?? 0);
    return next > this.#leastSeq ? next : this.#leastSeq;
  }
}

async function insertRecords(within: Queryable, records: readonly DirectRecord[]): Promise<void> {
  const column = <T>(of: (record: DirectRecord) => T) => records.map(of);
  await within.query(
    `INSERT INTO receipts (request_id, signer, seq, model_id, leaf, fee, completed_at, details,
       input, output, evidence, finish_reason)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[],
       $6::numeric[], $7::bigint[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::text[])`,
    [
      column(({ receipt }) => receipt.requestId),
      column(({ signer }) => signer),
      column(({ receipt }) => receipt.seq),
      column(({ receipt }) => receipt.modelId),
      column((record) => receiptLeaf(record)),
      column(({ receipt }) => receipt.fee.toString()),
      column(({ receipt }) => receipt.completedAt),
      column((record) => encodeRecord(record)),
      column(({ input }) => input),
      column(({ output }) => output),
      column(({ evidence }) => evidence ?? null),
      column(({ finishReason }) => finishReason ?? null),
    ],
  );
}

/** An enclave is not asked again for what it has signed. */
async function forgetOrders(within: Queryable, entries: readonly Entry[]): Promise<void> {
  const ids = entries.flatMap((entry) =>
    entry.kind === "signed" ? [entry.record.receipt.requestId] : [],
  );
  if (ids.length > 0)
    await within.query("DELETE FROM enclave_orders WHERE request_id = ANY ($1)", [ids]);
}

/** What belongs to the records of some entries. */
function withTheirRecords(entries: readonly Entry[], records: readonly DirectRecord[]) {
  return entries.flatMap(({ alongside }, index) => {
    const record = records[index];
    return alongside === undefined || record === undefined ? [] : [{ alongside, record }];
  });
}
