import type { BatchAnswer, BatchedReceipt, ReceiptAnswer } from "../../sdk/receipt-envelope.ts";

/** What was journalled, for whoever asks. Undefined is what is not known here. */
export interface ReceiptReader {
  readonly receipt: (requestId: string) => Promise<ReceiptAnswer | undefined>;
  readonly batch: (batchId: string) => Promise<BatchAnswer | undefined>;
  /**
   * Receipts of a batch from a place on, in their order.
   *
   * @param limit Most that are given; at least 1.
   */
  readonly batchReceipts: (
    batchId: string,
    from: number,
    limit: number,
  ) => Promise<readonly BatchedReceipt[] | undefined>;
}
