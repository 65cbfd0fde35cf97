/** How much a payer wants to trust an answer; values as in `contracts/types/Tier.sol`. */
export const TIERS = { Signed: 0, Attested: 1, Optimistic: 2, Proven: 3 } as const;

export type TierName = keyof typeof TIERS;

/** A set of tiers as the contracts encode it: one bit each. */
export function tierSet(...names: readonly TierName[]): number {
  return names.reduce((set, name) => set | (1 << TIERS[name]), 0);
}

/** What a node does; values as in `contracts/types/NodeRole.sol`. */
export const NODE_ROLES = { Inference: 0, Verifier: 1, Data: 2 } as const;

export type NodeRoleName = keyof typeof NODE_ROLES;

/** A set of roles as the contracts encode it: one bit each. */
export function roleSet(...names: readonly NodeRoleName[]): number {
  return names.reduce((set, name) => set | (1 << NODE_ROLES[name]), 0);
}
