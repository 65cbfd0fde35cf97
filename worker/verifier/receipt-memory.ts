import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import { receiptHash } from "../../sdk/receipt.ts";
import type { SignedReceipt } from "../../sdk/receipt-tree.ts";
import type { Queryable } from "../storage/database.ts";
import type { ShownReceipt } from "./batch.ts";
import { decode, encode, signedReceiptSchema } from "./codec.ts";

/** Where a receipt is on chain. */
export interface Whereabouts {
  readonly batchId: string;
  readonly index: number;
  /** Siblings from the bottom up. */
  readonly path: readonly string[];
}

const signedRow = z.object({ signed: z.string() });

const whereRow = z.object({
  signed: z.string(),
  batch_id: z.string(),
  leaf: z.number(),
  path: z.string(),
});

const CONTRADICTS = "signer = $1 AND receipt_hash <> $2 AND (seq = $3 OR request_id = $4)";

/** Receipts that were seen, whose signature holds: what a key signs later is held against what it signed before. */
export class ReceiptMemory {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  /** Remembers a receipt by a key. */
  async remember(
    signer: string,
    signed: SignedReceipt,
    within: Queryable = this.#database,
  ): Promise<void> {
    const { receipt, signature } = signed;
    await within.query(
      `INSERT INTO known_receipts (signer, receipt_hash, seq, request_id, signed)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [
        ...[signer, receiptHash(receipt), receipt.seq.toString(), receipt.requestId],
        encode(signedReceiptSchema, { receipt, signature }),
      ],
    );
  }

  /** Remembers receipts of a batch, and where they are. */
  async rememberShown(
    signer: string,
    batchId: string,
    receipts: readonly ShownReceipt[],
  ): Promise<void> {
    await this.#database.transaction(async (within) => {
      for (const shown of receipts) {
        await this.remember(signer, shown, within);
        await within.query(
          "INSERT INTO receipts_of_batches VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
          [signer, receiptHash(shown.receipt), batchId, shown.index, shown.path.join(",")],
        );
      }
    });
  }

  /** Receipts of the same key with the same number, or for the same request, and another content. */
  async contradicting(
    signer: string,
    { receipt }: SignedReceipt,
  ): Promise<readonly SignedReceipt[]> {
    const { rows } = await this.#database.query(
      `SELECT signed FROM known_receipts WHERE ${CONTRADICTS} ORDER BY seen_at LIMIT 8`,
      [signer, receiptHash(receipt), receipt.seq.toString(), receipt.requestId],
    );
    return rows.map((row) => decode(signedReceiptSchema, signedRow.parse(row).signed));
  }

  /** Where on chain there are receipts that contradict this one. */
  async contradictedIn(
    signer: string,
    { receipt }: SignedReceipt,
  ): Promise<readonly (SignedReceipt & Whereabouts)[]> {
    const { rows } = await this.#database.query(
      `SELECT signed, batch_id, leaf, path FROM known_receipts
         JOIN receipts_of_batches USING (signer, receipt_hash)
       WHERE ${CONTRADICTS} ORDER BY seen_at LIMIT 64`,
      [signer, receiptHash(receipt), receipt.seq.toString(), receipt.requestId],
    );
    return rows.map((row) => {
      const { signed, batch_id, leaf, path } = whereRow.parse(row);
      const where = { batchId: batch_id, index: leaf, path: path === "" ? [] : path.split(",") };
      return { ...decode(signedReceiptSchema, signed), ...where };
    });
  }

  /** Forgets what was seen longer ago. */
  async forget(days: number): Promise<void> {
    const old = "seen_at < now() - make_interval(days => $1)";
    await this.#database.transaction(async (within) => {
      await within.query(
        `DELETE FROM receipts_of_batches WHERE (signer, receipt_hash) IN
           (SELECT signer, receipt_hash FROM known_receipts WHERE ${old})`,
        [days],
      );
      await within.query(`DELETE FROM known_receipts WHERE ${old}`, [days]);
    });
  }
}
