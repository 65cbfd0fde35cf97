import type { InferenceBatch } from "../../sdk/inference-batch.ts";

/** Where a batch stands in the chain. */
export interface BatchStanding {
  readonly status: "None" | "Committed" | "Final" | "Rejected" | "Closed" | "Voided";
  /** Unix time in seconds until which it can be challenged. */
  readonly deadline: bigint;
  /** Demands that were neither answered nor expired. */
  readonly openDemands: bigint;
}

/** A batch as it is committed. */
interface Commitment {
  readonly batch: InferenceBatch;
  readonly signature: string;
  /** In the order of their numbers, if they are to be in the chain. */
  readonly leaves: readonly string[] | undefined;
}

/** The ledger of receipts, as far as committing takes it. */
export interface BatchLedger {
  readonly address: string;
  /** As the chain shows it, with so many confirmations as the node wants. */
  readonly standingOf: (batchId: string) => Promise<BatchStanding>;
  /** Least number that the next batch of a key can begin with. */
  readonly nextSeqOf: (signer: string) => Promise<bigint>;
  /** Hash of the transaction that committed a batch lately. */
  readonly commitmentOf: (batchId: string) => Promise<string | undefined>;
  readonly commitCall: (commitment: Commitment) => string;
  readonly finalizeCall: (batch: InferenceBatch) => string;
  /** Unix time in seconds of the latest block. */
  readonly now: () => Promise<bigint>;
}
