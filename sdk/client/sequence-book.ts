import { receiptHash } from "../receipt.ts";
import type { SignedReceipt } from "../receipt-tree.ts";
import type { ReceiptContent } from "./check-receipt.ts";
import type { Equivocation } from "./receipt-fault.ts";

/** Receipts that are remembered; of earlier ones a contradiction would not be noticed here. */
const DEFAULT_CAPACITY = 10_000;

/** Remembers receipts, to notice when a key signs two that exclude each other. */
export interface SequenceBook {
  /** Takes a receipt whose signature was checked; returns both if it contradicts one that was taken before. */
  readonly add: (content: ReceiptContent) => Equivocation | undefined;
}

/** A key may sign one receipt with each `seq`, and one for each request. */
export function createSequenceBook(capacity = DEFAULT_CAPACITY): SequenceBook {
  const seen = new Map<string, SignedReceipt>();
  return {
    add: ({ chainId, ledger, signer, signature, receipt }) => {
      const second = { receipt, signature };
      const key = [chainId, ledger, signer].join().toLowerCase();
      const places = [`${key} seq ${receipt.seq}`, `${key} request ${receipt.requestId}`];
      for (const place of places) {
        const first = seen.get(place);
        if (first !== undefined && receiptHash(first.receipt) !== receiptHash(receipt))
          return { signer, first, second };
      }
      for (const place of places) {
        seen.delete(place);
        seen.set(place, second);
      }
      for (const oldest of seen.keys()) {
        if (seen.size <= 2 * capacity) break;
        seen.delete(oldest);
      }
      return undefined;
    },
  };
}
