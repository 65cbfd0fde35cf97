import { EventEmitter } from "node:events";
import type { JobState } from "./jobs/job-states.ts";
import type { TransactionOutcome, TransactionPurpose } from "./chain/transaction.ts";

/** What a worker tells those who watch it. Told after it is in the journal. */
export interface WorkerEventMap {
  job: [{ requestId: string; state: JobState; reason: string | undefined }];
  transaction: [
    {
      requestId: string;
      purpose: TransactionPurpose;
      hash: string;
      phase: "signed" | "sent" | TransactionOutcome;
    },
  ];
  reorganisation: [{ from: number; to: number }];
}

export class WorkerEvents extends EventEmitter<WorkerEventMap> {}
