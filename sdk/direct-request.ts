import type { TypedDataField } from "ethers";
import type { Settlement } from "./receipt-domain.ts";
import { structHasher } from "./typed-data.ts";

/**
 * A request that is made to a node itself, and not at the market. Its id is in the receipt, so whoever knows the terms can hold
 * the receipt to every one of them; see `contracts/types/DirectRequest.sol`.
 */
export interface DirectRequest {
  readonly modelId: string;
  readonly tier: bigint;
  readonly payer: string;
  readonly node: string;
  /** keccak256 of the exact input bytes. */
  readonly inputHash: string;
  /** What the answer costs: `quoteHash` of a `PriceQuote`. */
  readonly quoteHash: string;
  /** 32 bytes that tell two requests for the same apart. Whoever asks again with the same gets the same answer. */
  readonly nonce: string;
}

const DIRECT_REQUEST_TYPES: Record<string, TypedDataField[]> = {
  DirectRequest: [
    { name: "modelId", type: "bytes32" },
    { name: "tier", type: "uint8" },
    { name: "payer", type: "address" },
    { name: "node", type: "address" },
    { name: "inputHash", type: "bytes32" },
    { name: "quoteHash", type: "bytes32" },
    { name: "nonce", type: "bytes32" },
  ],
};

const hasher = structHasher<DirectRequest>(DIRECT_REQUEST_TYPES);

/** Id of a direct request: the EIP-712 digest of its terms, in the domain of the ledger's receipts. Nobody signs it. */
export function directRequestId(settlement: Settlement, request: DirectRequest): string {
  return hasher.digest(settlement, request);
}
