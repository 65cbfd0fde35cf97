import type { SignedReceipt } from "../../sdk/receipt-tree.ts";
import type { RequestTerms, ShownReceipt } from "./batch.ts";

/**
 * What is wrong with a batch, each named after the call of `ReceiptLedger` that convicts it.
 *
 * The last two convict nobody at once: they ask the node, under a bond, and it is convicted if it has no answer in time.
 */
type Fault =
  | { readonly challenge: "challengeSignature"; readonly shown: ShownReceipt }
  | { readonly challenge: "challengePolicy"; readonly shown: ShownReceipt }
  | {
      readonly challenge: "challengeEquivocation";
      readonly shown: ShownReceipt;
      /** The same key's, which contradicts it. */
      readonly other: SignedReceipt;
    }
  | {
      readonly challenge: "challengeFee";
      readonly shown: ShownReceipt;
      readonly terms: RequestTerms;
    }
  | {
      readonly challenge: "challengeProof";
      readonly shown: ShownReceipt;
      /** 0x-prefixed hex. */
      readonly output: string;
      readonly evidence: string;
    }
  | { readonly challenge: "challengeTotal"; readonly receipts: readonly ShownReceipt[] }
  | { readonly challenge: "demandProof"; readonly shown: ShownReceipt }
  | { readonly challenge: "demand"; readonly index: number };

/** A fault, and in words why it is one. */
export type Finding = Fault & { readonly reason: string };
