import type { Log, Provider } from "ethers";
import type { Logger } from "pino";
import { batchId as hashBatch, type InferenceBatch } from "../../../sdk/inference-batch.ts";
import type { BatchCommittedEvent } from "../../../typechain-types/contracts/ReceiptLedger.js";
import type { CommittedBatch } from "../batch.ts";
import { LEDGER } from "./calls.ts";

export interface BatchReaderOptions {
  readonly provider: Provider;
  /** Address of `ReceiptLedger`. */
  readonly ledger: string;
  /** Whose batches are passed over: nobody stands for his own. */
  readonly operator: string;
  readonly log: Logger;
}

/** Reads batches out of the ledger's events. */
export class BatchReader {
  readonly #options: BatchReaderOptions;

  constructor(options: BatchReaderOptions) {
    this.#options = options;
  }

  /** Batches that were committed in these blocks, both included. */
  async read(fromBlock: number, toBlock: number): Promise<CommittedBatch[]> {
    const { provider, ledger, operator } = this.#options;
    const logs = await provider.getLogs({
      address: ledger,
      topics: LEDGER.encodeFilterTopics("BatchCommitted", []),
      fromBlock,
      toBlock,
    });
    const found: CommittedBatch[] = [];
    for (const log of logs) {
      const batch = await this.#batchOf(log);
      if (batch !== undefined && batch.node !== operator) found.push(batch);
    }
    return found;
  }

  async #batchOf(log: Log): Promise<CommittedBatch | undefined> {
    const decoded = LEDGER.decodeEventLog("BatchCommitted", log.data, log.topics);
    const event = decoded as unknown as BatchCommittedEvent.OutputObject;
    const { batchId, node, hasLeaves } = event;
    const batch = membersOf(event.batch);
    if (hashBatch(batch) !== batchId) {
      this.#options.log.error({ batchId }, "The RPC node showed a batch that contradicts itself.");
      return undefined;
    }
    const block = await this.#options.provider.getBlock(log.blockNumber);
    if (block === null) throw new Error("The RPC node does not know a block that it has logs of.");
    const committedAt = BigInt(block.timestamp);
    const { transactionHash } = log;
    return { batchId, node, batch, committedAt, hasLeaves, transactionHash };
  }
}

function membersOf(event: BatchCommittedEvent.OutputObject["batch"]): InferenceBatch {
  const { node, signer, root, firstSeq, count, totalFee, completedAt, dataHash } = event;
  return { node, signer, root, firstSeq, count, totalFee, completedAt, dataHash };
}
