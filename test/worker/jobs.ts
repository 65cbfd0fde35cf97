import { setTimeout } from "node:timers/promises";
import { hasEnded, type JobState } from "../../worker/jobs/job-states.ts";
import type { Worker } from "../../worker/worker.ts";

/** Far longer than anything takes: what is waited for in vain fails all the same. */
const PATIENCE_MS = 120_000;

/** Waits until something holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it has not come true");
    await setTimeout(25);
  }
}

/** Waits until a job has ended, and says how. */
export async function endOf(jobs: Worker["jobs"], requestId: string): Promise<JobState> {
  let state: JobState | undefined;
  await until(async () => {
    state = (await jobs.get(requestId))?.state;
    return state !== undefined && hasEnded(state);
  });
  if (state === undefined) throw new Error("there is no such job");
  return state;
}
