import type { Curve } from "ffjavascript";

declare global {
  /** Where snarkjs keeps its curve, and with it the worker threads that all its calls share. */
  var curve_bn128: Curve | null | undefined;
}

/** Stops snarkjs' worker threads, which otherwise keep the process alive. The next proof starts them again. */
export async function stopProverThreads(): Promise<void> {
  await globalThis.curve_bn128?.terminate();
}
