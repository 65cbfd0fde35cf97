import { stopProverThreads } from "../zkml/prove/threads.ts";

/** Does something that starts the prover's threads, and stops them, which would keep the process alive. */
export async function withProverThreads<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    await stopProverThreads();
  }
}
