import { ZkmlError } from "../errors.ts";

/** The failure that something is expected to end in. */
export async function failureOf(run: () => Promise<unknown>): Promise<ZkmlError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}
