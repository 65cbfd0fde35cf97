import type { DirectRequest } from "../../sdk/direct-request.ts";
import type { InferenceBatch } from "../../sdk/inference-batch.ts";
import type { PriceQuote } from "../../sdk/price-quote.ts";
import type { SignedReceipt } from "../../sdk/receipt-tree.ts";

/** A batch as the chain knows it. */
export interface CommittedBatch {
  readonly batchId: string;
  /** Whose stake is behind it. */
  readonly node: string;
  readonly batch: InferenceBatch;
  /** Time of the block that has it, Unix time in seconds. */
  readonly committedAt: bigint;
  /** Whether the leaves are in the transaction's calldata. */
  readonly hasLeaves: boolean;
  readonly transactionHash: string;
}

/** What a direct request was made at: they hash to the request's id. */
export interface RequestTerms {
  readonly request: DirectRequest;
  readonly quote: PriceQuote;
}

/** One receipt of a batch, which is in its tree. */
export interface ShownReceipt extends SignedReceipt {
  readonly index: number;
  /** Siblings from the bottom up. */
  readonly path: readonly string[];
  /** Undefined if what was shown as such is not what the receipt's request id says. */
  readonly terms: RequestTerms | undefined;
  readonly input: Uint8Array | undefined;
  readonly output: Uint8Array | undefined;
  /** 0x-prefixed hex. */
  readonly evidence: string | undefined;
}
