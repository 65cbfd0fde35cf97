import { z } from "zod";
import { OpenGradientError } from "../../sdk/errors.ts";
import { parseRevert } from "../../sdk/reverts.ts";

/** Of `CertStoreNotValidNow`: a certificate begins after the block. Of `EnclaveRegistryBadTime`: the document's clock does. */
const tooEarlySchema = z.union([
  z.object({ timestamp: z.bigint(), notBefore: z.bigint() }),
  z.object({ timestamp: z.bigint(), newest: z.bigint() }),
]);

/** By how many seconds an attestation is ahead of the chain, if the contracts refused it for that. */
export function clockLead(error: unknown): bigint | undefined {
  const revert = parseRevert(error);
  if (revert?.name !== "CertStoreNotValidNow" && revert?.name !== "EnclaveRegistryBadTime")
    return undefined;
  const said = tooEarlySchema.parse(revert.args.toObject());
  const lead = "notBefore" in said ? said.notBefore - said.timestamp : said.timestamp - said.newest;
  return lead > 0n ? lead : undefined;
}

/** The chain has not come to an attestation's time for too long. */
export function chainBehind(lead: bigint, waitedMs: number, cause: unknown): OpenGradientError {
  return new OpenGradientError(
    "CHAIN_BEHIND",
    `The chain's latest block is ${lead} s too old for the enclave's attestation, after ${waitedMs / 1_000} s of waiting.`,
    "Set the clock of the enclave's machine, or use an RPC node that keeps up with the chain.",
    { cause },
  );
}
