import type { TypedDataField } from "ethers";
import { structHasher } from "./typed-data.ts";

/** What a node asks for answers of one model in one tier, in OPG wei; see `contracts/types/PriceQuote.sol`. */
export interface PriceQuote {
  readonly node: string;
  readonly modelId: string;
  readonly tier: bigint;
  /** For the answer as such. */
  readonly base: bigint;
  /** For each unit of input: a token of a language model, a byte otherwise. */
  readonly perInputUnit: bigint;
  /** For each unit of output. */
  readonly perOutputUnit: bigint;
}

const PRICE_QUOTE_TYPES: Record<string, TypedDataField[]> = {
  PriceQuote: [
    { name: "node", type: "address" },
    { name: "modelId", type: "bytes32" },
    { name: "tier", type: "uint8" },
    { name: "base", type: "uint128" },
    { name: "perInputUnit", type: "uint128" },
    { name: "perOutputUnit", type: "uint128" },
  ],
};

const hasher = structHasher<PriceQuote>(PRICE_QUOTE_TYPES);

/** EIP-712 struct hash of a quote: what requests that were made at this price name. */
export function quoteHash(quote: PriceQuote): string {
  return hasher.structHash(quote);
}

/** What was used. */
export interface Usage {
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
}

/** A fee and what it is made of, in OPG wei. */
export interface ItemisedFee {
  readonly base: bigint;
  readonly input: bigint;
  readonly output: bigint;
  readonly total: bigint;
}

/** What an answer costs at a price. */
export function itemisedFee(quote: PriceQuote, { inputUnits, outputUnits }: Usage): ItemisedFee {
  const { base } = quote;
  const input = quote.perInputUnit * inputUnits;
  const output = quote.perOutputUnit * outputUnits;
  return { base, input, output, total: base + input + output };
}
