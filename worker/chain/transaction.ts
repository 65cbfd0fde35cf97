import { ACTION_KINDS } from "../verifier/action-states.ts";

/**
 * What a transaction is for: the steps of a request's job, those of an enclave's key, those of a batch of receipts, those of
 * payments, and what a verifier does.
 */
export const TRANSACTION_PURPOSES = [
  ...["lock", "fulfil"],
  ...["attest", "renew", "retire"],
  ...["commit", "finalize", "reveal", "prove"],
  ...["fund", "claim", "settle"],
  ...ACTION_KINDS,
] as const;

export type TransactionPurpose = (typeof TRANSACTION_PURPOSES)[number];

/**
 * `lost`: its nonce was used by a transaction that this worker did not sign; `abandoned`: by one that does nothing, because the
 * intent was given up.
 */
export type TransactionOutcome = "mined" | "reverted" | "lost" | "abandoned";

/** What tells intents apart: at most one for a subject and a purpose is under way. */
export interface IntentKey {
  /**
   * Id of a request or of a batch, also with a leaf's index or what was demanded of it; address of an enclave's key; or hash of what is
   * paid.
   */
  readonly subject: string;
  readonly purpose: TransactionPurpose;
}

/** A call that is to be made. */
export interface TransactionIntent extends IntentKey {
  readonly to: string;
  readonly data: string;
  /** Wei to send along; none by default. */
  readonly value?: bigint;
}

/** One way to carry out an intent: signed, with its nonce and fees. */
export interface SignedTransaction extends IntentKey {
  readonly hash: string;
  readonly raw: string;
  readonly nonce: number;
}
