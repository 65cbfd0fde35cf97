import { concat, keccak256, TypedDataEncoder, type TypedDataField } from "ethers";
import { receiptDomain, type Settlement } from "./receipt-domain.ts";

/** Hashes values of one EIP-712 type. */
export interface StructHasher<T extends object> {
  readonly structHash: (value: T) => string;
  /** What is signed, in the domain of a settlement's receipts. */
  readonly digest: (settlement: Settlement, value: T) => string;
}

/** How many domains are remembered: a process has to do with one or two. */
const MAX_DOMAINS = 64;

const separators = new Map<string, string>();

/** A hasher whose type is worked out once: nodes hash thousands of values a second. */
export function structHasher<T extends object>(
  types: Record<string, TypedDataField[]>,
): StructHasher<T> {
  const encoder = TypedDataEncoder.from(types);
  const structHash = (value: T) => encoder.hash(value);
  return {
    structHash,
    digest: (settlement, value) =>
      keccak256(concat(["0x1901", separatorOf(settlement), structHash(value)])),
  };
}

function separatorOf(settlement: Settlement): string {
  const key = `${settlement.chainId} ${settlement.settledBy.toLowerCase()}`;
  const known = separators.get(key);
  if (known !== undefined) return known;
  if (separators.size >= MAX_DOMAINS) separators.clear();
  const separator = TypedDataEncoder.hashDomain(receiptDomain(settlement));
  separators.set(key, separator);
  return separator;
}
