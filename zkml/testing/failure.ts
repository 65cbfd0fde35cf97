import { ZkmlError } from "../errors.ts";

/** The failure that a call ends in; throws if it does not fail, or in another way. */
export async function failure(run: () => Promise<unknown>): Promise<ZkmlError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}
