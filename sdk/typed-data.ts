import { id, TypedDataEncoder, type TypedDataField } from "ethers";
import { keccakOfHex, wordEncoder } from "./words.ts";
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

/**
 * A hasher whose type is worked out once: nodes hash thousands of values a second. Members are words, each as it stands: types
 * with others are not for this.
 */
export function structHasher<T extends object>(
  types: Record<string, TypedDataField[]>,
): StructHasher<T> {
  const encoder = TypedDataEncoder.from(types);
  const typeHash = id(encoder.encodeType(encoder.primaryType)).slice(2);
  const members = (types[encoder.primaryType] ?? []).map(({ name, type }) => {
    return { name, encode: wordEncoder(type) };
  });
  const structHash = (value: T) => {
    let words = typeHash;
    for (const { name, encode } of members) {
      const word = encode(Reflect.get(value, name));
      // Says what is wrong.
      if (word === undefined) return encoder.hash(value);
      words += word;
    }
    return keccakOfHex(words);
  };
  return {
    structHash,
    digest: (settlement, value) =>
      keccakOfHex(`1901${separatorOf(settlement).slice(2)}${structHash(value).slice(2)}`),
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
