import type { Provider } from "ethers";

/** EIP-1559 fees in wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Nodes refuse a replacement that pays less than 10 % more; an eighth is what the common ones use. */
const BUMP_NUMERATOR = 9n;
const BUMP_DENOMINATOR = 8n;

/** What a transaction should offer now, never more than `limit`. */
export async function currentFees(provider: Provider, limit: bigint): Promise<Fees> {
  const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
  return within(
    { maxFeePerGas: maxFeePerGas ?? limit, maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n },
    limit,
  );
}

/** Fees that replace `offered`; undefined if that would take more than `limit`. */
export function raisedFees(offered: Fees, current: Fees, limit: bigint): Fees | undefined {
  const raised = {
    maxFeePerGas: max(raise(offered.maxFeePerGas), current.maxFeePerGas),
    maxPriorityFeePerGas: max(raise(offered.maxPriorityFeePerGas), current.maxPriorityFeePerGas),
  };
  return raised.maxFeePerGas > limit ? undefined : within(raised, limit);
}

function raise(fee: bigint): bigint {
  return (fee * BUMP_NUMERATOR + BUMP_DENOMINATOR - 1n) / BUMP_DENOMINATOR;
}

function within({ maxFeePerGas, maxPriorityFeePerGas }: Fees, limit: bigint): Fees {
  const capped = min(maxFeePerGas, limit);
  return { maxFeePerGas: capped, maxPriorityFeePerGas: min(maxPriorityFeePerGas, capped) };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
