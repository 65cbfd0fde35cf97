/** States of a batch as the verifier sees it. */
export const BATCH_STATES = [
  "Found",
  "Sound",
  "Withheld",
  "Challenged",
  "Final",
  "Rejected",
  "Voided",
  "Orphaned",
] as const;

export type BatchState = (typeof BATCH_STATES)[number];

/** What the chain once showed may not hold after a reorganisation: only that leads out of an ended state. */
const REOPENED: readonly BatchState[] = ["Found"];

const ENDS = ["Final", "Rejected", "Voided", "Orphaned"] as const;

/** Where a batch can go from each state. */
export const BATCH_TRANSITIONS: Readonly<Record<BatchState, readonly BatchState[]>> = {
  /** It is in the chain; not all of it was checked. */
  Found: ["Sound", "Withheld", "Challenged", ...ENDS],
  /** Every receipt was seen, and nothing is wrong that could be shown. A client's receipt may still contradict it. */
  Sound: ["Challenged", ...ENDS],
  /** The node did not show all of it in time: some of that is demanded. */
  Withheld: ["Sound", "Challenged", ...ENDS],
  /** Something is wrong, or has to be proved, and is challenged. */
  Challenged: ENDS,
  /** Nobody can challenge it any more. */
  Final: REOPENED,
  /** Its node was convicted. */
  Rejected: REOPENED,
  /** Its enclave's key was voided after the fact. */
  Voided: REOPENED,
  /** The chain does not have it any more. */
  Orphaned: REOPENED,
};

/** States that no step leads out of. */
export const ENDED_BATCHES = BATCH_STATES.filter((state) => BATCH_TRANSITIONS[state] === REOPENED);

export function isEnded(state: BatchState): boolean {
  return ENDED_BATCHES.includes(state);
}
