import { OpenGradientError } from "../errors.ts";

/** A document that does not follow AWS's format. The contracts would refuse it too. */
export function malformed(reason: string, options?: ErrorOptions): OpenGradientError {
  return new OpenGradientError(
    "ATTESTATION_INVALID",
    `the attestation document is malformed: ${reason}`,
    "Pass the bytes exactly as the enclave's security module gave them.",
    options,
  );
}
