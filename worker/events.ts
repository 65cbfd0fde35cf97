import { EventEmitter } from "node:events";
import type { MeasurementKindName } from "../sdk/enclave.ts";
import type { ActionKind, ActionState } from "./verifier/action-states.ts";
import type { BatchState as VerificationState } from "./verifier/batch-states.ts";
import type { EnclaveIdentity } from "./enclave/protocol.ts";
import type { JobState } from "./jobs/job-states.ts";
import type { DemandState } from "./receipts/demand-states.ts";
import type { DemandKind } from "./receipts/demand-store.ts";
import type { BatchState } from "./receipts/batch-states.ts";
import type { TransactionOutcome, TransactionPurpose } from "./chain/transaction.ts";

/** What a worker tells those who watch it. Told after it is in the journal. */
export interface WorkerEventMap {
  job: [{ requestId: string; state: JobState; reason: string | undefined }];
  transaction: [
    {
      /** A request, an enclave's key, a batch, a leaf of one, or what was demanded of it. */
      subject: string;
      purpose: TransactionPurpose;
      hash: string;
      phase: "signed" | "sent" | TransactionOutcome;
    },
  ];
  /** The enclave's key is attested, or renewed. */
  enclave: [
    {
      /** Address. */
      key: string;
      /** ISO 8601. */
      until: string;
      measurementId: string;
      kind: MeasurementKindName;
      models: EnclaveIdentity["models"];
    },
  ];
  /** A batch of the node's own receipts. */
  batch: [{ batchId: string; state: BatchState; reason: string | undefined }];
  demand: [{ batchId: string; index: number; kind: DemandKind; state: DemandState }];
  /** What a verifier finds out about a batch. */
  verification: [{ batchId: string; state: VerificationState; reason: string | undefined }];
  /** What it does about one. */
  action: [
    {
      batchId: string;
      kind: ActionKind;
      leaf: number;
      state: ActionState;
      reason: string | undefined;
    },
  ];
  reorganisation: [{ from: number; to: number }];
}

export class WorkerEvents extends EventEmitter<WorkerEventMap> {}
