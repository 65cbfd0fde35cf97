import { OpenGradientError } from "../../sdk/errors.ts";

/** The failure that something is expected to end in. */
export async function failureOf(result: Promise<unknown>): Promise<OpenGradientError> {
  try {
    await result;
  } catch (error) {
    if (error instanceof OpenGradientError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}
