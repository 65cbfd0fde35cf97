import { hexlify, type Provider } from "ethers";
import { z } from "zod";
import type { DemandKey, FoundDemand } from "./demand-store.ts";
import type { DirectRecord } from "./direct-answer.ts";
import type { InferenceBatch } from "../../sdk/inference-batch.ts";
import type { InferenceReceipt } from "../../sdk/receipt.ts";
import { ReceiptLedger__factory, type ReceiptLedger } from "../../typechain-types/index.js";

const LEDGER = ReceiptLedger__factory.createInterface() satisfies ReceiptLedger["interface"];

const EVENTS = {
  receipt: LEDGER.getEvent("ReceiptDemanded"),
  proof: LEDGER.getEvent("ProofDemanded"),
} as const;

/** As in `contracts/interfaces/IReceiptDemands.sol`. */
const STATUSES = ["None", "Open", "Answered", "Expired"] as const;

const demandArgsSchema = z.object({
  batchId: z.string(),
  index: z.bigint().transform(Number),
  deadline: z.bigint(),
});

type DemandStatus = (typeof STATUSES)[number];

/** A receipt, and where it is in its batch; see `contracts/types/ShownReceipt.sol`. */
export interface ShownReceipt {
  readonly receipt: InferenceReceipt;
  readonly signature: string;
  readonly index: number;
  readonly path: string[];
}

/** The ledger of receipts, as far as answering demands takes it. */
export interface DemandLedger {
  readonly address: string;
  readonly latestBlock: () => Promise<number>;
  /** What was demanded in these blocks, both included, of whatever batches. */
  readonly demandsIn: (fromBlock: number, toBlock: number) => Promise<readonly FoundDemand[]>;
  readonly demandStatusOf: (demand: DemandKey) => Promise<DemandStatus>;
  readonly revealCall: (
    batch: InferenceBatch,
    shown: ShownReceipt,
    terms: Pick<DirectRecord, "request" | "quote">,
  ) => string;
  readonly proveCall: (
    batch: InferenceBatch,
    shown: ShownReceipt,
    answer: { readonly output: Uint8Array; readonly evidence: Uint8Array },
  ) => string;
}

export interface DemandLedgerOptions {
  readonly contract: ReceiptLedger;
  readonly address: string;
  readonly provider: Provider;
}

/** The ledger of receipts. Demands count as soon as they are seen: time runs from then on. */
export function readDemandLedger({
  contract,
  address,
  provider,
}: DemandLedgerOptions): DemandLedger {
  return {
    address,
    latestBlock: () => provider.getBlockNumber(),
    demandsIn: async (fromBlock, toBlock) => {
      const topics = [[EVENTS.receipt.topicHash, EVENTS.proof.topicHash]];
      const logs = await provider.getLogs({ address, topics, fromBlock, toBlock });
      return logs.map(({ topics: found, data }) => demandOf({ topics: [...found], data }));
    },
    demandStatusOf: async ({ batchId, index, kind }) => {
      const { status } = await (kind === "receipt"
        ? contract.demandOf(batchId, index)
        : contract.proofDemandOf(batchId, index));
      return statusOf(status);
    },
    revealCall: (batch, shown, { request, quote }) =>
      LEDGER.encodeFunctionData("reveal", [batch, shown, request, quote]),
    proveCall: (batch, shown, { output, evidence }) =>
      LEDGER.encodeFunctionData("proveReceipt", [batch, shown, hexlify(output), hexlify(evidence)]),
  };
}

function demandOf(log: { readonly topics: string[]; readonly data: string }): FoundDemand {
  const kind = log.topics[0] === EVENTS.receipt.topicHash ? "receipt" : "proof";
  const args = LEDGER.decodeEventLog(EVENTS[kind], log.data, log.topics);
  return { ...demandArgsSchema.parse(args.toObject()), kind };
}

function statusOf(status: bigint): DemandStatus {
  const name = STATUSES[Number(status)];
  if (name === undefined) throw new Error(`the ledger knows a demand's status ${status}`);
  return name;
}
