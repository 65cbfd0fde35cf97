import type { Provider } from "ethers";
import { z } from "zod";
import type { InferenceBatch } from "../inference-batch.ts";
import type { Protocol } from "../protocol.ts";
import { bytes32 } from "../wire.ts";
import type { KeptReceipt } from "./receipt.ts";

/** As many blocks as public JSON-RPC nodes search at once. */
const BLOCKS_AT_ONCE = 10_000;

/** A batch as it was committed. */
export interface Commitment {
  readonly batch: InferenceBatch;
  /** Whether the transaction carries the leaves. */
  readonly hasLeaves: boolean;
  readonly transactionHash: string;
}

interface ChainAccess {
  readonly provider: Provider;
  readonly ledger: Protocol["receiptLedger"];
  readonly startBlock: number;
}

/**
 * The batch of a node and key that a receipt's number belongs to; undefined if there is none yet. Looks from the latest block
 * back to the one in which the receipt cannot have been there yet.
 */
export async function findCommitment(
  { provider, ledger, startBlock }: ChainAccess,
  { signer, receipt: { node, seq, completedAt } }: KeptReceipt["envelope"],
): Promise<Commitment | undefined> {
  // Asked first: numbers that are not committed yet are in no event.
  if ((await ledger.nextSeqOf(node, signer)) <= seq) return undefined;
  const filter = ledger.filters.BatchCommitted(undefined, node, signer);
  let toBlock = await provider.getBlockNumber();
  while (toBlock >= startBlock) {
    const fromBlock = Math.max(startBlock, toBlock - BLOCKS_AT_ONCE + 1);
    for (const event of await ledger.queryFilter(filter, fromBlock, toBlock)) {
      const { batch, hasLeaves } = event.args;
      const { firstSeq, count } = batch;
      if (firstSeq <= seq && seq < firstSeq + count)
        return { batch: plain(batch), hasLeaves, transactionHash: event.transactionHash };
    }
    const earliest = await provider.getBlock(fromBlock);
    if (earliest !== null && BigInt(earliest.timestamp) < completedAt) return undefined;
    toBlock = fromBlock - 1;
  }
  return undefined;
}

function plain(batch: InferenceBatch): InferenceBatch {
  const { node, signer, root, firstSeq, count, totalFee, completedAt, dataHash } = batch;
  return { node, signer, root, firstSeq, count, totalFee, completedAt, dataHash };
}

/** As ethers gives them. */
const leavesSchema = z.array(bytes32);

/** The leaves that the transaction carries; undefined if another contract made the call, and they cannot be read. */
export async function leavesOf(
  { provider, ledger }: Pick<ChainAccess, "provider" | "ledger">,
  { transactionHash, batch }: Commitment,
): Promise<readonly string[] | undefined> {
  const transaction = await provider.getTransaction(transactionHash);
  if (transaction === null) return undefined;
  const call = ledger.interface.parseTransaction({ data: transaction.data });
  if (call?.name !== "commitBatchWithLeaves") return undefined;
  const committed: unknown = call.args.getValue("leaves");
  const parsed = leavesSchema.safeParse(
    Array.isArray(committed) ? Array.from<unknown>(committed) : committed,
  );
  return parsed.success && parsed.data.length === Number(batch.count) ? parsed.data : undefined;
}
