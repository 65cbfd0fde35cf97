import type { Provider } from "ethers";
import { OpenGradientError } from "../errors.ts";
import { batchHead, batchId, type InferenceBatch } from "../inference-batch.ts";
import type { Protocol } from "../protocol.ts";
import { receiptLeaf, rootOfPath, treeDepth, treePath, treeRoot } from "../receipt-tree.ts";
import { findCommitment, leavesOf, type Commitment } from "./find-commitment.ts";
import type { Fetch } from "./http.ts";
import { readBatchLeaves, readReceiptAnswer } from "./read-receipts.ts";
import type { KeptReceipt } from "./receipt.ts";

/*
 * Where a receipt is in the chain. Nodes are asked first, because they know; nothing that they say is believed: the path has to
 * lead to the batch that the chain knows. A node that says nothing is not needed where the leaves were committed in calldata.
 */

/** States of a batch, as the contracts number them; see `contracts/types/BatchState.sol`. */
const BATCH_STATUSES = ["None", "Committed", "Final", "Rejected", "Closed", "Voided"] as const;

export type BatchStatusName = (typeof BATCH_STATUSES)[number];

/** A receipt's place in a batch that is in the chain: what `isSettled` and `verifyReceipt` of the ledger take. */
export interface InclusionProof {
  readonly batchId: string;
  readonly batch: InferenceBatch;
  /** Hash of the batch's members without the root. */
  readonly head: string;
  readonly leaf: string;
  readonly index: number;
  /** Siblings from the bottom up. */
  readonly path: readonly string[];
  readonly status: BatchStatusName;
  /** Unix time in seconds until which the batch can be challenged. */
  readonly deadline: bigint;
  /** Whether the batch is final: the ledger's own word for this leaf. */
  readonly isSettled: boolean;
  /** Who said where it is. */
  readonly source: "node" | "chain";
}

export interface InclusionAccess {
  readonly fetch: Fetch;
  readonly provider: Provider;
  readonly ledger: Protocol["receiptLedger"];
  /** Block from which on commitments are looked for. */
  readonly startBlock: number;
}

/** A place in a batch, not looked up in the chain yet. */
type Place = Pick<InclusionProof, "batch" | "index" | "path" | "source">;

/**
 * Finds a receipt's batch and the path to it, and holds both to the chain.
 *
 * @throws OpenGradientError `RECEIPT_NOT_INCLUDED` if the chain has no batch with it yet, or nobody shows its leaves.
 */
export async function proveInclusion(
  access: InclusionAccess,
  kept: KeptReceipt,
): Promise<InclusionProof> {
  const told = await toldPlace(access, kept);
  const proof = told && (await inChain(access, kept, told));
  if (proof !== undefined) return proof;
  const place = await foundPlace(access, kept);
  const found = await inChain(access, kept, place);
  if (found !== undefined) return found;
  throw notIncluded("the batch that should have it is another than the chain's");
}

/** Where the node says that it is; undefined if it says nothing that could be. */
async function toldPlace(
  { fetch }: InclusionAccess,
  { url, envelope }: KeptReceipt,
): Promise<Place | undefined> {
  if (url === undefined) return undefined;
  const { requestId } = envelope.receipt;
  const answer = await silently(() => readReceiptAnswer(fetch, { url, requestId }));
  if (answer?.inclusion == null) return undefined;
  const { batch, index, path } = answer.inclusion;
  return { batch, index, path, source: "node" };
}

/** A node that fails to say something has not said it. */
async function silently<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OpenGradientError) return undefined;
    throw error;
  }
}

/** Where the chain says that it is. */
async function foundPlace(access: InclusionAccess, kept: KeptReceipt): Promise<Place> {
  const commitment = await findCommitment(access, kept.envelope);
  if (commitment === undefined) throw notIncluded("no batch with its number was committed yet");
  const leaves = await leavesFor(access, kept, commitment);
  const { batch } = commitment;
  const index = Number(kept.envelope.receipt.seq - batch.firstSeq);
  if (leaves[index]?.toLowerCase() !== receiptLeaf(kept.envelope))
    throw notIncluded("its number in the batch is another receipt's");
  return { batch, index, path: treePath(leaves, index), source: "chain" };
}

async function leavesFor(
  access: InclusionAccess,
  { url }: KeptReceipt,
  commitment: Commitment,
): Promise<readonly string[]> {
  const { batch } = commitment;
  const inCalldata = commitment.hasLeaves ? await leavesOf(access, commitment) : undefined;
  const asked = () =>
    url === undefined
      ? undefined
      : silently(() => readBatchLeaves(access.fetch, { url, batchId: batchId(batch) }));
  const leaves = inCalldata ?? (await asked());
  if (leaves !== undefined && leaves.length > 0 && treeRoot(leaves) === batch.root) return leaves;
  throw notIncluded(
    "its batch was committed without leaves, and its node does not show them: demand them (ReceiptLedger.demand)",
  );
}

/** The whole proof if the chain has this batch, of this node, with the receipt in this place. */
async function inChain(
  { ledger }: InclusionAccess,
  { envelope }: KeptReceipt,
  { batch, index, path, source }: Place,
): Promise<InclusionProof | undefined> {
  const { receipt, signer } = envelope;
  const leaf = receiptLeaf(envelope);
  const isInPlace =
    batch.signer === signer &&
    batch.firstSeq + BigInt(index) === receipt.seq &&
    BigInt(index) < batch.count &&
    path.length === treeDepth(Number(batch.count)) &&
    rootOfPath(leaf, index, path) === batch.root;
  if (!isInPlace) return undefined;
  const [id, head] = [batchId(batch), batchHead(batch)];
  const [state, isSettled] = await Promise.all([
    ledger.batchOf(id),
    ledger.isSettled(head, leaf, index, [...path]),
  ]);
  const status = BATCH_STATUSES[Number(state.status)] ?? "None";
  if (status === "None" || state.node !== receipt.node) return undefined;
  const { deadline } = state;
  return { batchId: id, batch, head, leaf, index, path, status, deadline, isSettled, source };
}

function notIncluded(why: string): OpenGradientError {
  return new OpenGradientError(
    "RECEIPT_NOT_INCLUDED",
    `The receipt is not shown to be in the chain: ${why}.`,
    "Nodes commit receipts minutes after they gave them: ask again later, and keep the receipt until then.",
  );
}
