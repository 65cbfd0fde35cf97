import { EventEmitter } from "node:events";
import type { MeasurementKindName } from "../sdk/enclave.ts";
import type { EnclaveIdentity } from "./enclave/protocol.ts";
import type { JobState } from "./jobs/job-states.ts";
import type { TransactionOutcome, TransactionPurpose } from "./chain/transaction.ts";

/** What a worker tells those who watch it. Told after it is in the journal. */
export interface WorkerEventMap {
  job: [{ requestId: string; state: JobState; reason: string | undefined }];
  transaction: [
    {
      /** A request, or an enclave's key. */
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
  reorganisation: [{ from: number; to: number }];
}

export class WorkerEvents extends EventEmitter<WorkerEventMap> {}
