import { OpenGradientError } from "../../../sdk/errors.ts";

/** The device gave no document, or a wrong one. */
export function deviceFailed(message: string, hint: string, cause?: unknown): OpenGradientError {
  return new OpenGradientError("ENCLAVE_DEVICE_FAILED", message, hint, { cause });
}
