import type { Logger } from "pino";
import type { WorkerEvents } from "./events.ts";

/** Writes a worker's events to its log. */
export function logEvents(events: WorkerEvents, log: Logger): void {
  events.on("job", (job) => {
    log.info(job, `Job ${job.state}.`);
  });
  events.on("batch", (batch) => {
    log.info(batch, `Batch ${batch.state}.`);
  });
  events.on("demand", (demand) => {
    log.info(demand, `Demand ${demand.state}.`);
  });
  events.on("verification", (verification) => {
    log.info(verification, `Batch ${verification.state}.`);
  });
  events.on("action", (action) => {
    log.info(action, `Action ${action.state}.`);
  });
  events.on("enclave", (enclave) => {
    log.info(enclave, "The enclave's key is attested.");
  });
  events.on("transaction", (transaction) => {
    log.info(transaction, `Transaction ${transaction.phase}.`);
  });
}
