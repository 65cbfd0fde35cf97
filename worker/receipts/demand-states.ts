/**
 * States of a demand for a receipt, or for the proof of an answer.
 *
 * A name in the -ing form says that a transaction is signed and journalled; it may or may not have been sent.
 */
export const DEMAND_STATES = ["Open", "Answering", "Answered", "Expired", "Orphaned"] as const;

export type DemandState = (typeof DEMAND_STATES)[number];

/** Where a demand can go from each state. What the chain shows decides: somebody else may answer too. */
export const DEMAND_TRANSITIONS: Readonly<Record<DemandState, readonly DemandState[]>> = {
  Open: ["Answering", "Answered", "Expired", "Orphaned"],
  Answering: ["Open", "Answered", "Expired", "Orphaned"],
  Answered: [],
  /** Nobody answered in time. */
  Expired: [],
  /** The chain does not have it any more. Made again, it is open again. */
  Orphaned: ["Open"],
};

/** States in which there is nothing to do. */
export const ENDED_DEMAND_STATES: readonly DemandState[] = ["Answered", "Expired", "Orphaned"];
