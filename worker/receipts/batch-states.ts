/**
 * States of a batch of receipts.
 *
 * A name in the -ing form says that a transaction is signed and journalled; it may or may not have been sent.
 */
export const BATCH_STATES = [
  "Sealed",
  "Signed",
  "Committing",
  "Committed",
  "Finalizing",
  "Final",
  "Rejected",
  "Voided",
  "Refused",
] as const;

export type BatchState = (typeof BATCH_STATES)[number];

/** Where a batch can go from each state. What the chain shows decides: a step may find its goal reached already. */
export const BATCH_TRANSITIONS: Readonly<Record<BatchState, readonly BatchState[]>> = {
  /** Which receipts are in it is fixed. */
  Sealed: ["Signed"],
  /** As a whole, by the enclave or the node. */
  Signed: ["Committing", "Committed", "Refused"],
  Committing: ["Committed", "Signed"],
  /** In the chain, where it can be challenged. A reorganisation may take it back. */
  Committed: ["Finalizing", "Final", "Rejected", "Voided", "Signed"],
  Finalizing: ["Final", "Rejected", "Voided", "Committed"],
  /** Nobody showed anything wrong with it. */
  Final: [],
  /** Somebody did. */
  Rejected: [],
  /** Its enclave's key does not count any more. */
  Voided: [],
  /** The chain has taken these numbers, or later ones, for another batch. */
  Refused: [],
};

/** States that no step leads out of. */
export const ENDED_BATCH_STATES = BATCH_STATES.filter(
  (state) => BATCH_TRANSITIONS[state].length === 0,
);
