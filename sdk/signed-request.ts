import { keccak256, Signature, ZeroAddress, type Signer } from "ethers";
import type { Protocol } from "./protocol.ts";
import { REQUEST_TYPES, requestDomain, type MarketDomain, type RequestTerms } from "./request.ts";
import { TIERS, type TierName } from "./tiers.ts";

/** What a payer asks for without a transaction of its own; amounts are OPG in wei, times Unix seconds. */
export interface RequestDraft {
  readonly payer: string;
  readonly modelId: string;
  readonly tier: TierName;
  readonly input: Uint8Array;
  /** Contract to call back with the output, and the gas for it. */
  readonly callback?: { readonly consumer: string; readonly gas: bigint };
  /** Most that is paid. */
  readonly maxFee: bigint;
  /** What a node puts at risk by taking the request. */
  readonly collateral: bigint;
  /** How long the offer takes to rise from today's price to `maxFee`; zero: `maxFee` at once. */
  readonly rampSeconds: bigint;
  readonly expiry: bigint;
  /** How long a node that has taken the request has to serve it. */
  readonly lockSeconds: bigint;
  /** Makes otherwise equal requests of one second different. */
  readonly salt: bigint;
}

/**
 * The terms of a request as its payer would make it now: what the market would fill in is asked of the contracts. They hold
 * until the model's royalty or the rates of work change, or the price rises above what is offered.
 */
export async function draftRequest(
  { inferenceMarket, modelRegistry }: Pick<Protocol, "inferenceMarket" | "modelRegistry">,
  draft: RequestDraft,
): Promise<RequestTerms> {
  const { payer, modelId, input, callback, maxFee, collateral } = draft;
  const { rampSeconds, expiry, lockSeconds, salt } = draft;
  const tier = TIERS[draft.tier];
  const block = await inferenceMarket.runner?.provider?.getBlock("latest");
  if (block == null) throw new Error("The contracts are not connected to a chain.");
  const at = { blockTag: block.number };
  const { royalty } = await modelRegistry.requireOffered(modelId, tier, at);
  const [work, minFee] = await inferenceMarket.priceOf(modelId, tier, input.length, at);
  return {
    modelId,
    tier: BigInt(tier),
    payer,
    consumer: callback?.consumer ?? ZeroAddress,
    callbackGas: callback?.gas ?? 0n,
    inputHash: keccak256(input),
    work,
    maxFee,
    minFee,
    royalty,
    collateral,
    rampStart: BigInt(block.timestamp),
    rampSeconds,
    expiry,
    lockSeconds,
    salt,
  };
}

/**
 * Signs the terms of a request with the payer's key, for `lockSigned`. The result is compact (EIP-2098, 64 bytes).
 *
 * Whoever has it can make the request once until its expiry; `revoke` takes it back.
 */
export async function signRequest(
  market: MarketDomain,
  payer: Signer,
  terms: RequestTerms,
): Promise<string> {
  const signature = await payer.signTypedData(requestDomain(market), REQUEST_TYPES, terms);
  return Signature.from(signature).compactSerialized;
}
