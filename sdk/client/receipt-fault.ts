import type { InferenceReceipt } from "../receipt.ts";
import type { SignedReceipt } from "../receipt-tree.ts";
import { OpenGradientError } from "../errors.ts";

/** Everything that a receipt is held to, in the order in which it is looked at. */
export const RECEIPT_CHECKS = [
  /** It came with the answer, and is of the right form. */
  "form",
  /** It is for the chain and the ledger that the app uses. */
  "settlement",
  /** `signer` signed it. */
  "signature",
  /** Its request id is that of its terms, and it says the same as they do. */
  "request",
  /** Its price is the one that the request names, and is for this node, model and tier. */
  "quote",
  /** Nonce, payer, model, tier and node are those that were asked. */
  "terms",
  /** The fee is what the price makes of the units that were used. */
  "fee",
  /** The price is the one that was offered, and the fee not above what was agreed. */
  "price",
  /** It is for the input that was really sent. */
  "input",
  /** What was applied is what the app said, and nothing was added to it. */
  "applied",
  /** It is for the output that was really received. */
  "output",
  /** The units that it counts are those that the answer tells. */
  "usage",
  /** It was completed after it was started. */
  "times",
  /** It commits to evidence in the tiers that have some. */
  "evidence",
  /** The key is the node's, or that of an enclave of the node's which may answer for the model. */
  "signer",
  /** The enclave's code is among those that the app trusts. */
  "measurement",
  /** The proof convinces the contracts. */
  "proof",
  /** The key has signed nothing else in this place, or for this request. */
  "sequence",
] as const;

export type ReceiptCheckName = (typeof RECEIPT_CHECKS)[number];

/** What came of one check; `holds` is undefined if it could not be made. */
export interface ReceiptCheck {
  readonly check: ReceiptCheckName;
  readonly holds: boolean | undefined;
  /** For people. */
  readonly detail: string;
}

/** Two receipts of one key that exclude each other: what a challenge for equivocation shows. */
export interface Equivocation {
  readonly signer: string;
  readonly first: SignedReceipt;
  readonly second: SignedReceipt;
}

export interface ReceiptErrorOptions extends ErrorOptions {
  readonly receipt?: InferenceReceipt | undefined;
  readonly equivocation?: Equivocation | undefined;
}

/** An answer that must not be used: its receipt does not hold. */
export class ReceiptError extends OpenGradientError {
  /** Which check it failed. */
  readonly check: ReceiptCheckName;
  /** As it came, where it could be read. */
  readonly receipt: InferenceReceipt | undefined;
  /** With what the node can be challenged, if it signed two things that exclude each other. */
  readonly equivocation: Equivocation | undefined;

  constructor(
    check: ReceiptCheckName,
    detail: string,
    { receipt, equivocation, ...options }: ReceiptErrorOptions = {},
  ) {
    const whose = receipt === undefined ? "" : ` by ${receipt.node} for ${receipt.requestId}`;
    super(
      "RECEIPT_INVALID",
      `The receipt${whose} does not hold (${check}): ${detail}.`,
      "Do not use the answer, and ask another node; keep the receipt: it may convict its signer.",
      options,
    );
    this.check = check;
    this.receipt = receipt;
    this.equivocation = equivocation;
  }
}
