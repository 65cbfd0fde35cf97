/** Where a request stands; values as in `contracts/types/RequestState.sol`. */
export const REQUEST_STATUS = {
  /** Open, or never made. */
  None: 0n,
  Locked: 1n,
  /** Answered optimistically; can be challenged. */
  Posted: 2n,
  /** Challenged; can be proved. */
  Challenged: 3n,
  Fulfilled: 4n,
  Expired: 5n,
  Rejected: 6n,
} as const;

export type RequestStatusName = keyof typeof REQUEST_STATUS;

/** How a request ended; values as in `contracts/types/RequestState.sol`. */
export const REQUEST_OUTCOME = {
  None: 0n,
  Served: 1n,
  /** Not answered in time. */
  Expired: 2n,
  /** Its answer was challenged and not proved. */
  Rejected: 3n,
  /** Its answer was challenged and proved. */
  ChallengedLost: 4n,
} as const;

export type RequestOutcomeName = keyof typeof REQUEST_OUTCOME;
