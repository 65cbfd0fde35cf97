/**
 * States of a job: one request that this node may serve.
 *
 * A name in the -ing form says that a transaction is signed and journalled; it may or may not have been sent.
 */
export const JOB_STATES = [
  "Found",
  "Locking",
  "Locked",
  "Answered",
  "Fulfilling",
  "Fulfilled",
  "Declined",
  "Lost",
  "Missed",
  "Failed",
  "Orphaned",
] as const;

export type JobState = (typeof JOB_STATES)[number];

/** What the chain once showed may not hold after a reorganisation: only that leads out of an ended state. */
const REOPENED: readonly JobState[] = ["Found"];

/** Where a job can go from each state. What the chain shows decides: a step may find its goal reached already. */
export const TRANSITIONS: Readonly<Record<JobState, readonly JobState[]>> = {
  Found: ["Locking", "Locked", "Fulfilled", "Declined", "Lost", "Missed", "Failed", "Orphaned"],
  Locking: ["Locked", "Found", "Fulfilled", "Lost", "Missed", "Orphaned"],
  Locked: ["Answered", "Fulfilled", "Lost", "Missed", "Failed", "Orphaned"],
  Answered: ["Fulfilling", "Fulfilled", "Lost", "Missed", "Failed", "Orphaned"],
  Fulfilling: ["Fulfilled", "Answered", "Lost", "Missed", "Orphaned"],
  /** Answered, checked by the contracts, and paid. */
  Fulfilled: REOPENED,
  /** The node does not want it: too cheap, too much collateral, or nothing that it could answer. */
  Declined: REOPENED,
  /** Another node serves it. */
  Lost: REOPENED,
  /** Too late. */
  Missed: REOPENED,
  /** Cannot be served, for the reason that the job carries. */
  Failed: REOPENED,
  /** The chain does not have the request any more. */
  Orphaned: REOPENED,
};

/** States that no step leads out of. */
export const ENDED = JOB_STATES.filter((state) => TRANSITIONS[state] === REOPENED);

export function hasEnded(state: JobState): boolean {
  return ENDED.includes(state);
}
