import { recoverAddress, Signature } from "ethers";
import { receiptDigest, type Settlement } from "../../../sdk/receipt.ts";
import type { SignedReceipt } from "../../../sdk/receipt-tree.ts";
import type { CommittedBatch, ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/** Whether a receipt carries the signature of a key. */
export function isSignedBy(
  settlement: Settlement,
  signer: string,
  { receipt, signature }: SignedReceipt,
): boolean {
  try {
    return recoverAddress(receiptDigest(settlement, receipt), Signature.from(signature)) === signer;
  } catch {
    // No point of the curve, or the upper half of s: nobody's signature.
    return false;
  }
}

/** A receipt that the batch's key cannot stand for: not signed by it, or not where and when the batch says. */
export function checkSignature(
  settlement: Settlement,
  { node, batch }: CommittedBatch,
  shown: ShownReceipt,
): Finding | undefined {
  const reason =
    misplacement({ node, batch }, shown) ??
    (isSignedBy(settlement, batch.signer, shown)
      ? undefined
      : `the signature is not by ${batch.signer}`);
  return reason === undefined ? undefined : { challenge: "challengeSignature", shown, reason };
}

function misplacement(
  { node, batch }: Pick<CommittedBatch, "node" | "batch">,
  { receipt, index }: ShownReceipt,
): string | undefined {
  const { startedAt, completedAt, seq } = receipt;
  if (receipt.node !== node) return `the receipt is of node ${receipt.node}`;
  const place = batch.firstSeq + BigInt(index);
  if (seq !== place) return `the receipt has number ${seq} in place ${place}`;
  if (completedAt < startedAt) return `it was completed at ${completedAt}, before ${startedAt}`;
  if (completedAt > batch.completedAt)
    return `it was completed at ${completedAt}, after the batch's ${batch.completedAt}`;
  return undefined;
}
