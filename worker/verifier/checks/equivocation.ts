import { receiptHash } from "../../../sdk/receipt.ts";
import type { SignedReceipt } from "../../../sdk/receipt-tree.ts";
import type { ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/**
 * A receipt that contradicts another one that the same key signed: the same number, or the same request, with another content.
 *
 * @param others Of the batch's signer, with a signature that holds.
 */
export function checkEquivocation(
  shown: ShownReceipt,
  others: readonly SignedReceipt[],
): Finding | undefined {
  const { seq, requestId } = shown.receipt;
  const hash = receiptHash(shown.receipt);
  const other = others.find(
    ({ receipt }) =>
      (receipt.seq === seq || receipt.requestId === requestId) && receiptHash(receipt) !== hash,
  );
  if (other === undefined) return undefined;
  const shared = other.receipt.seq === seq ? `number ${seq}` : `request ${requestId}`;
  return {
    challenge: "challengeEquivocation",
    shown,
    other: { receipt: other.receipt, signature: other.signature },
    reason: `another receipt of the same key has ${shared}`,
  };
}
