import { id, keccak256, Wallet } from "ethers";
import { canonicalRequest } from "../../sdk/chat-request.ts";
import { quoteHash } from "../../sdk/price-quote.ts";
import { TIERS } from "../../sdk/tiers.ts";
import type { DirectOffer, DirectOrder } from "../receipts/direct-answer.ts";

export const LEDGER = {
  chainId: 31_337n,
  settledBy: new Wallet(id("ledger")).address,
} as const;

export const NODE = new Wallet(id("operator")).address;
export const PAYER = new Wallet(id("payer")).address;

/** An offer of a language model, for 5 wei and 10 for each token of input and 1,000 of output. */
export function chatOffer(change: Partial<DirectOffer> = {}): DirectOffer {
  const modelId = change.modelId ?? id("model");
  const tier = change.tier ?? "Signed";
  return {
    ...{ name: "echo", contentHash: id("content"), forms: ["chat"] },
    quote: {
      ...{ node: NODE, modelId, tier: BigInt(TIERS[tier]) },
      ...{ base: 5n, perInputUnit: 10n, perOutputUnit: 1_000n },
    },
    ...change,
    ...{ modelId, tier },
  };
}

/** The input of a question. */
export function chatInput(content: string): Uint8Array {
  return canonicalRequest({
    messages: [{ role: "user", content }],
    max_tokens: 16,
    seed: 0,
    temperature: 0,
  });
}

export interface OrderOptions {
  readonly input?: Uint8Array;
  readonly content?: string;
  readonly nonce?: string;
  readonly maxFee?: bigint;
}

/** An order of an offer, at its price. */
export function orderOf(
  { quote, modelId }: DirectOffer,
  { content = "hello", input = chatInput(content), nonce = "0", maxFee = 10n ** 18n }: OrderOptions,
): DirectOrder {
  const request = {
    ...{ modelId, tier: quote.tier, payer: PAYER, node: quote.node },
    ...{ inputHash: keccak256(input), quoteHash: quoteHash(quote), nonce: id(nonce) },
  };
  return { request, quote, input, maxFee };
}
