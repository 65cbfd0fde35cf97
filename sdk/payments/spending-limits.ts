import { formatEther } from "ethers";
import { OpenGradientError } from "../errors.ts";

/** What a payer lets itself be charged, in OPG wei. */
export interface SpendingLimits {
  /** Most that one request may cost. */
  readonly perRequest: bigint;
  /** Most that all requests of this session may cost. */
  readonly perSession: bigint;
  /** Most that the node may get in all, as far as the store remembers. */
  readonly perNode: bigint;
  /** What may be charged without a receipt: for answers that were lost on their way. */
  readonly unproven: bigint;
}

/** What is about to be signed for. */
interface Spending {
  readonly maxFee: bigint;
  /** Most that all requests under way may cost, this one counted. */
  readonly underWay: bigint;
  readonly spent: { readonly session: bigint; readonly node: bigint };
  readonly deposit?: { readonly amount: bigint; readonly limit: bigint };
}

/**
 * Makes sure that nothing is signed for beyond the limits.
 *
 * @throws OpenGradientError `SPENDING_LIMIT`.
 */
export function requireWithin(limits: SpendingLimits, spending: Spending): void {
  const { maxFee, underWay, spent, deposit } = spending;
  const amounts = [
    ["This request", maxFee, limits.perRequest, "perRequest"],
    ["This session", spent.session + underWay, limits.perSession, "perSession"],
    ["This node", spent.node + underWay, limits.perNode, "perNode"],
    ["The channel's deposit", deposit?.amount ?? 0n, deposit?.limit ?? 0n, "deposit"],
  ] as const;
  for (const [what, amount, limit, name] of amounts) {
    if (amount <= limit) continue;
    throw new OpenGradientError(
      "SPENDING_LIMIT",
      `${what} may come to ${formatEther(amount)} OPG, and ${formatEther(limit)} are allowed.`,
      `Ask for less, or raise the limit ${name}.`,
    );
  }
}
