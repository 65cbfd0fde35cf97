import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";

/** Does something until it succeeds or is stopped: what the RPC node fails to do is waited out. */
export async function retried(
  {
    signal,
    log,
    pollingIntervalMs,
  }: { readonly signal: AbortSignal; readonly log: Logger; readonly pollingIntervalMs: number },
  task: () => Promise<void>,
): Promise<void> {
  const isStopped = () => signal.aborted;
  while (!isStopped()) {
    try {
      await task();
      return;
    } catch (error) {
      if (isStopped()) return;
      log.warn(
        { error: String(error) },
        "A payment cannot be followed and will be looked at again.",
      );
    }
    await setTimeout(pollingIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}
