import { concat, keccak256 } from "ethers";
import { z } from "zod";
import { directRequestId } from "../../../sdk/direct-request.ts";
import { quoteHash } from "../../../sdk/price-quote.ts";
import {
  batchAnswerSchema,
  batchedReceiptSchema,
  type BatchedReceipt,
} from "../../../sdk/receipt-envelope.ts";
import type { Settlement } from "../../../sdk/receipt.ts";
import { receiptLeaf, treeLevels } from "../../../sdk/receipt-tree.ts";
import type { CommittedBatch, RequestTerms, ShownReceipt } from "../batch.ts";
import { NodeUnhelpful, type NodeClient } from "./node-client.ts";

/** Receipts asked for at once: a hundred with inputs of models that run on chain are a few megabytes. */
const PAGE = 64;

/** `batchReceiptsAnswerSchema`, but that a single malformed receipt does not hide those beside it. */
const pageSchema = z.strictObject({ receipts: z.array(z.unknown()) });

/** The leaves of a batch, and all paths to them. */
export interface BatchTree {
  readonly leaves: readonly string[];
  readonly pathOf: (index: number) => readonly string[];
}

/** The tree over leaves; undefined unless they are the very leaves of the batch. */
export function treeOf(
  { batch }: Pick<CommittedBatch, "batch">,
  leaves: readonly string[],
): BatchTree | undefined {
  if (BigInt(leaves.length) !== batch.count || keccak256(concat(leaves)) !== batch.dataHash)
    return undefined;
  const levels = treeLevels(leaves);
  if (levels.at(-1)?.[0] !== batch.root) return undefined;
  const siblings = levels.slice(0, -1);
  const pathOf = (index: number) =>
    siblings.map((level, height) => level[(index >> height) ^ 1] ?? "");
  return { leaves, pathOf };
}

/**
 * Asks the node for the leaves of a batch.
 *
 * @throws NodeUnhelpful if it does not answer, or with other leaves.
 */
export async function fetchTree(
  client: NodeClient,
  endpoint: string,
  committed: CommittedBatch,
): Promise<BatchTree> {
  const parsed = batchAnswerSchema.safeParse(
    await client(endpoint, `/v1/batches/${committed.batchId}`),
  );
  const tree = parsed.success ? treeOf(committed, parsed.data.leaves) : undefined;
  if (tree === undefined) throw new NodeUnhelpful("the node shows other leaves than the batch's");
  return tree;
}

export interface ReceiptsOptions {
  readonly client: NodeClient;
  readonly endpoint: string;
  readonly settlement: Settlement;
  /** How long the whole batch may take. */
  readonly timeLimitMs: number;
}

/**
 * Asks the node for the receipts of a batch, page by page, and gives those that are in the tree. Whatever does not come, is not.
 *
 * @throws NodeUnhelpful as soon as the node goes wrong: what came before was given.
 */
export async function* fetchReceipts(
  { client, endpoint, settlement, timeLimitMs }: ReceiptsOptions,
  { batchId }: CommittedBatch,
  tree: BatchTree,
): AsyncGenerator<ShownReceipt> {
  const count = tree.leaves.length;
  const end = Date.now() + timeLimitMs;
  for (let from = 0; from < count;) {
    // A node may give less than it is asked for, but not for ever.
    if (Date.now() > end) throw new NodeUnhelpful("the node takes too long for its receipts");
    const limit = Math.min(PAGE, count - from);
    const resource = `/v1/batches/${batchId}/receipts?from=${from}&limit=${limit}`;
    const parsed = pageSchema.safeParse(await client(endpoint, resource));
    if (!parsed.success) throw new NodeUnhelpful("the node's receipts are malformed");
    const { receipts } = parsed.data;
    if (receipts.length === 0) throw new NodeUnhelpful("the node holds receipts back");
    for (const [offset, brought] of receipts.slice(0, limit).entries()) {
      const receipt = batchedReceiptSchema.safeParse(brought);
      if (!receipt.success) continue;
      const shown = placed(settlement, { receipt: receipt.data, index: from + offset }, tree);
      if (shown !== undefined) yield shown;
    }
    from += receipts.length;
  }
}

/** A receipt in its place; undefined if another one belongs there. */
function placed(
  settlement: Settlement,
  { receipt: brought, index }: { readonly receipt: BatchedReceipt; readonly index: number },
  tree: BatchTree,
): ShownReceipt | undefined {
  const { receipt, signature, request, quote, input, output, evidence } = brought;
  if (receiptLeaf({ receipt, signature }) !== tree.leaves[index]) return undefined;
  const terms = termsBehind(settlement, receipt.requestId, { request, quote });
  return { receipt, signature, index, path: tree.pathOf(index), terms, input, output, evidence };
}

/** Terms, if they are what a request's id stands for. */
function termsBehind(
  settlement: Settlement,
  requestId: string,
  { request, quote }: RequestTerms,
): RequestTerms | undefined {
  const isBehind =
    directRequestId(settlement, request) === requestId && quoteHash(quote) === request.quoteHash;
  return isBehind ? { request, quote } : undefined;
}
