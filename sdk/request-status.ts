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
