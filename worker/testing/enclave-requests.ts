import { id, keccak256, toBeHex, Wallet, ZeroAddress } from "ethers";
import type { AttestRequest, InferRequest } from "../enclave/protocol.ts";
import { canonicalRequest, type ChatRequest } from "../../sdk/chat-request.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { modelId } from "../../sdk/model-id.ts";
import { quoteHash } from "../../sdk/price-quote.ts";
import { TIERS } from "../../sdk/tiers.ts";

function addressOf(name: string): string {
  return new Wallet(id(name)).address;
}

const PUBLISHER = addressOf("publisher");
const NODE = addressOf("node");

export const ATTEST_REQUEST: AttestRequest = {
  chainId: 31_337n,
  registry: addressOf("registry"),
  operator: NODE,
  blockHash: id("block"),
};

/** A request for a model that an enclave has loaded. */
export function inferRequest(
  contentHash: string,
  { number = 0, ...chat }: Partial<ChatRequest> & { number?: number; content?: string } = {},
): InferRequest {
  const { content = `Question ${number}`, ...given } = chat;
  const request = {
    messages: [{ role: "user" as const, content }],
    max_tokens: 16,
    seed: 0,
    temperature: 0,
    ...given,
  };
  return {
    settlement: { chainId: 31_337n, settledBy: addressOf("market") },
    claim: {
      modelId: modelIdOf(contentHash),
      requestId: toBeHex(number, 32),
      node: NODE,
      publisher: PUBLISHER,
    },
    payer: addressOf("payer"),
    fee: 10n ** 18n,
    notBefore: 0n,
    input: canonicalRequest(request),
  };
}

/** The same as a direct request, whose id is that of its terms. */
export function directInferRequest(
  contentHash: string,
  {
    nonce = id("nonce"),
    input: given,
    ...options
  }: Parameters<typeof inferRequest>[1] & { nonce?: string; input?: Uint8Array } = {},
): InferRequest {
  const chat = inferRequest(contentHash, options);
  const request = { ...chat, input: given ?? chat.input };
  const { settlement, claim, payer, input } = request;
  const { node, modelId: model } = claim;
  const about = { node, modelId: model, tier: BigInt(TIERS.Attested) };
  const rates = { base: 5n, perInputUnit: 10n, perOutputUnit: 1_000n };
  const terms = {
    ...{ ...about, payer, inputHash: keccak256(input), nonce },
    quoteHash: quoteHash({ ...about, ...rates }),
  };
  const requestId = directRequestId(settlement, terms);
  return { ...request, claim: { ...claim, requestId }, direct: { ...rates, nonce } };
}

function modelIdOf(contentHash: string): string {
  const form = { publisher: PUBLISHER, key: ZeroAddress, inputSize: 0, outputSize: 0 };
  return modelId({ ...form, contentHash });
}
