import type { CommittedBatch, ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/**
 * A receipt of a model whose publisher wants all leaves on chain, in a batch without.
 *
 * @param requiredFrom Unix time in seconds from which receipts of the model need them; undefined if none do.
 */
export function checkPolicy(
  { hasLeaves }: CommittedBatch,
  shown: ShownReceipt,
  requiredFrom: bigint | undefined,
): Finding | undefined {
  if (hasLeaves || requiredFrom === undefined) return undefined;
  const { completedAt, modelId } = shown.receipt;
  if (completedAt < requiredFrom) return undefined;
  const reason = `receipts of ${modelId} need their leaves on chain since ${requiredFrom}`;
  return { challenge: "challengePolicy", shown, reason };
}
