import type { TypedDataDomain } from "ethers";

/** Where a receipt counts: on one chain, at the contract that settles it; for requests, the market. */
export interface Settlement {
  readonly chainId: bigint;
  readonly settledBy: string;
}

/** Domain of the receipts that a contract settles. */
export function receiptDomain({ chainId, settledBy }: Settlement): TypedDataDomain {
  return { name: "OpenGradient Receipt", version: "1", chainId, verifyingContract: settledBy };
}
