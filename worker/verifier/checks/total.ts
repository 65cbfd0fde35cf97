import type { CommittedBatch, ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/** Receipts whose fees come to more than the batch says: its collateral would be too low. */
export function checkTotal(
  { batch }: CommittedBatch,
  receipts: readonly ShownReceipt[],
): Finding | undefined {
  const convicting: ShownReceipt[] = [];
  let sum = 0n;
  // The dearest first: the fewer are shown, the less the challenge costs.
  for (const shown of receipts.toSorted(byFee)) {
    convicting.push(shown);
    sum += shown.receipt.fee;
    if (sum <= batch.totalFee) continue;
    return {
      challenge: "challengeTotal",
      receipts: convicting.toSorted((a, b) => a.index - b.index),
      reason: `${convicting.length} receipts cost ${sum}, all together ${batch.totalFee}`,
    };
  }
  return undefined;
}

function byFee(a: ShownReceipt, b: ShownReceipt): number {
  if (a.receipt.fee === b.receipt.fee) return a.index - b.index;
  return a.receipt.fee > b.receipt.fee ? -1 : 1;
}
