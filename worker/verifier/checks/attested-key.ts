import { TIERS } from "../../../sdk/tiers.ts";
import type { CommittedBatch, ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/**
 * How a key stands at `EnclaveRegistry`: `void` if all that it signed was voided later, which is no fault of whoever used it
 * before.
 */
export type KeyStanding = "counts" | "void" | "unattested";

/** Oldest receipt that can be committed, in seconds; `Durations.MAX_RECEIPT_AGE`. */
const MAX_RECEIPT_AGE = 90_000n;

/** An Attested receipt whose key no enclave of the node held when it was made, or that is too old to say when that was. */
export function checkAttestedKey(
  { batch, node, committedAt }: CommittedBatch,
  shown: ShownReceipt,
  standing: KeyStanding,
): Finding | undefined {
  const { tier, completedAt, modelId } = shown.receipt;
  if (tier !== BigInt(TIERS.Attested) || standing === "void") return undefined;
  const challenge = "challengeSignature";
  if (standing === "unattested") {
    const reason = `${batch.signer} was not attested for ${node} and ${modelId} at ${completedAt}`;
    return { challenge, shown, reason };
  }
  if (completedAt + MAX_RECEIPT_AGE >= committedAt) return undefined;
  const reason = `it was completed at ${completedAt}, more than ${MAX_RECEIPT_AGE} s before the commitment`;
  return { challenge, shown, reason };
}
