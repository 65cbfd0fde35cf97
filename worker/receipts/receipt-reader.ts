import type { Batch, BatchStore } from "./batch-store.ts";
import type { DirectRecord } from "./direct-answer.ts";
import type { ReceiptJournal } from "./receipt-journal.ts";
import type {
  BatchAnswer,
  BatchedReceipt,
  Inclusion,
  ReceiptAnswer,
} from "../../sdk/receipt-envelope.ts";
import { pathIn, treeLevels } from "../../sdk/receipt-tree.ts";
import type { Settlement } from "../../sdk/receipt.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { hexlify } from "ethers";

export interface ReceiptReaderOptions {
  readonly journal: Pick<ReceiptJournal, "find">;
  readonly batches: Pick<BatchStore, "get" | "batchWith" | "leavesOf" | "recordsOf">;
  readonly settlement: Settlement;
  /** The operator. */
  readonly node: string;
}

/** Trees that are kept: who asks for one receipt of a batch often asks for more. */
const KEPT_TREES = 8;

/** Tiers in which anybody can compute the answer again, and so may see what was asked. */
const OPEN_TIERS: readonly bigint[] = [BigInt(TIERS.Optimistic), BigInt(TIERS.Proven)];

type Levels = ReturnType<typeof treeLevels>;

/** What was journalled, for whoever asks. Undefined is what is not known here. */
export class ReceiptReader {
  readonly #options: ReceiptReaderOptions;
  readonly #trees = new Map<string, Promise<Levels>>();

  constructor(options: ReceiptReaderOptions) {
    this.#options = options;
  }

  async receipt(requestId: string): Promise<ReceiptAnswer | undefined> {
    const record = await this.#options.journal.find(requestId);
    if (record === undefined) return undefined;
    const { signer, receipt } = record;
    const batch = await this.#options.batches.batchWith(signer, receipt.seq);
    const inclusion = batch === undefined ? null : await this.#inclusionOf(record, batch);
    return { ...this.#envelopeOf(record), ...evidenceOf(record), inclusion };
  }

  async batch(batchId: string): Promise<BatchAnswer | undefined> {
    const { batches, node } = this.#options;
    const found = await batches.get(batchId);
    if (found === undefined) return undefined;
    const { batch } = found;
    return { batchId, node, batch, leaves: [...(await batches.leavesOf(batch))] };
  }

  /**
   * Receipts of a batch from a place on, in their order.
   *
   * @param limit Most that are given; at least 1.
   */
  async batchReceipts(
    batchId: string,
    from: number,
    limit: number,
  ): Promise<readonly BatchedReceipt[] | undefined> {
    const { batches } = this.#options;
    const found = await batches.get(batchId);
    if (found === undefined) return undefined;
    const records = await batches.recordsOf(found.batch, { from, limit });
    return records.map((record) => ({
      ...this.#envelopeOf(record),
      ...evidenceOf(record),
      ...(OPEN_TIERS.includes(record.receipt.tier) && {
        input: record.input,
        output: record.output,
      }),
    }));
  }

  #envelopeOf({ signer, signature, receipt, request, quote }: DirectRecord) {
    const { chainId, settledBy: ledger } = this.#options.settlement;
    return { chainId, ledger, signer, signature, receipt, request, quote };
  }

  async #inclusionOf({ receipt }: DirectRecord, found: Batch): Promise<Inclusion | null> {
    const { batchId, batch, transactionHash } = found;
    if (transactionHash === undefined) return null;
    const index = Number(receipt.seq - batch.firstSeq);
    const path = [...pathIn(await this.#treeOf(found), index)];
    return { batchId, batch, index, path, transactionHash };
  }

  #treeOf({ batchId, batch }: Batch): Promise<Levels> {
    const known = this.#trees.get(batchId);
    const tree = known ?? this.#options.batches.leavesOf(batch).then(treeLevels);
    // The one that was asked for the longest ago is forgotten.
    this.#trees.delete(batchId);
    this.#trees.set(batchId, tree);
    tree.catch(() => this.#trees.delete(batchId));
    const [oldest] = this.#trees.keys();
    if (this.#trees.size > KEPT_TREES && oldest !== undefined) this.#trees.delete(oldest);
    return tree;
  }
}

function evidenceOf({ evidence }: DirectRecord) {
  return evidence === undefined ? {} : { evidence: hexlify(evidence) };
}
