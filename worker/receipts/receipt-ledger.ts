import type { Provider } from "ethers";
import type { BatchLedger, BatchStanding } from "./batch-ledger.ts";
import { ReceiptLedger__factory, type ReceiptLedger } from "../../typechain-types/index.js";

const LEDGER = ReceiptLedger__factory.createInterface() satisfies ReceiptLedger["interface"];

/** Blocks asked for at once; common RPC services refuse more. */
const MAX_RANGE = 2_000;

/** As in `contracts/types/BatchState.sol`. */
const STATUSES = ["None", "Committed", "Final", "Rejected", "Closed", "Voided"] as const;

export interface ReceiptLedgerOptions {
  readonly contract: ReceiptLedger;
  readonly address: string;
  readonly provider: Provider;
  /** The operator whose batches are committed. */
  readonly node: string;
  readonly confirmations: number;
  /** Block of the deployment. */
  readonly startBlock: number;
}

/** The ledger of receipts as a node sees it: what is not confirmed is not there yet. */
export function readReceiptLedger(options: ReceiptLedgerOptions): BatchLedger {
  const { contract, address, provider, node, confirmations, startBlock } = options;
  const confirmed = async () => Math.max(0, (await provider.getBlockNumber()) - confirmations + 1);
  return {
    address,
    standingOf: async (batchId) => {
      const blockTag = await confirmed();
      const { status, deadline, openDemands } = await contract.batchOf(batchId, { blockTag });
      return { status: statusOf(status), deadline, openDemands };
    },
    nextSeqOf: async (signer) => contract.nextSeqOf(node, signer, { blockTag: await confirmed() }),
    commitmentOf: async (batchId) => {
      const topics = LEDGER.encodeFilterTopics("BatchCommitted", [batchId, node]);
      const latest = await provider.getBlockNumber();
      const fromBlock = Math.max(startBlock, latest - MAX_RANGE + 1);
      const logs = await provider.getLogs({ address, topics, fromBlock });
      return logs.at(-1)?.transactionHash;
    },
    commitCall: ({ batch, signature, leaves }) =>
      leaves === undefined
        ? LEDGER.encodeFunctionData("commitBatch", [batch, signature])
        : LEDGER.encodeFunctionData("commitBatchWithLeaves", [batch, [...leaves], signature]),
    finalizeCall: (batch) => LEDGER.encodeFunctionData("finalize", [batch]),
    now: async () => BigInt((await provider.getBlock("latest"))?.timestamp ?? 0),
  };
}

function statusOf(status: bigint): BatchStanding["status"] {
  const name = STATUSES[Number(status)];
  if (name === undefined) throw new Error(`the ledger knows a status ${status}`);
  return name;
}
