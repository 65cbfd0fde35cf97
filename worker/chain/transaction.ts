/** What a transaction does for its job. */
export type TransactionPurpose = "lock" | "fulfil";

/** `lost`: its nonce was used by a transaction that this worker did not sign. */
export type TransactionOutcome = "mined" | "reverted" | "lost";

/** A call that a job wants to be made. */
export interface TransactionIntent {
  readonly requestId: string;
  readonly purpose: TransactionPurpose;
  readonly to: string;
  readonly data: string;
}

/** One way to carry out an intent: signed, with its nonce and fees. */
export interface SignedTransaction {
  readonly requestId: string;
  readonly purpose: TransactionPurpose;
  readonly hash: string;
  readonly raw: string;
  readonly nonce: number;
}
