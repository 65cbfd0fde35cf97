/** The access manager's own role for governance. */
export const ADMIN_ROLE = 0n;

/** Roles of the access manager. A function that is not listed in the deployment modules belongs to the admin. */
export const ROLES = {
  /** Contracts that lock, unlock and slash collateral. */
  market: 1n,
  /** `NodeRegistry`, which stakes for an operator that registers. */
  nodeRegistry: 2n,
  /** Whoever may stop what comes in; only governance starts it again. */
  guardian: 3n,
  /** `Staking`, which pays the proceeds of slashes into `FeeEscrow`, paused or not. */
  staking: 4n,
} as const;
