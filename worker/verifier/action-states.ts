/** What a verifier does on chain, each at most once for a batch and a leaf. Named after the calls of `ReceiptLedger`. */
export const ACTION_KINDS = [
  "attestBatch",
  "settleAttestation",
  "challengeSignature",
  "challengePolicy",
  "challengeEquivocation",
  "challengeFee",
  "challengeProof",
  "challengeTotal",
  "demand",
  "expireDemand",
  "demandProof",
  "expireProof",
  "finalize",
  "closeRejected",
] as const;

export type ActionKind = (typeof ACTION_KINDS)[number];

/** States of an action. */
export const ACTION_STATES = ["Wanted", "Sending", "Open", "Done", "Moot", "Refused"] as const;

export type ActionState = (typeof ACTION_STATES)[number];

/** Where an action can go from each state. */
export const ACTION_TRANSITIONS: Readonly<Record<ActionState, readonly ActionState[]>> = {
  /** It is to be done as soon as the budget allows it. */
  Wanted: ["Sending", "Moot", "Refused"],
  /** A transaction is signed and journalled; it may or may not have been sent. */
  Sending: ["Open", "Done", "Wanted", "Moot", "Refused"],
  /** It is in the chain, and money of this verifier is at stake until it is answered. */
  Open: ["Done", "Wanted"],
  /** It is in the chain, and nothing is at stake any more. */
  Done: ["Wanted"],
  /** There is no point in it any more: somebody else was faster, or the time is over. */
  Moot: ["Wanted"],
  /** The contract takes it for wrong, for the reason that the action carries. */
  Refused: ["Wanted"],
};

/** States in which money is at stake. */
export const STAKED_STATES: readonly ActionState[] = ["Sending", "Open"];
