import { TypedDataEncoder, type TypedDataDomain, type TypedDataField } from "ethers";
import type { InferenceRequestStructOutput } from "../typechain-types/contracts/InferenceMarket.js";

/** The complete terms of a request; see `contracts/types/InferenceRequest.sol` for each member. */
export interface RequestTerms {
  readonly modelId: string;
  readonly tier: bigint;
  readonly payer: string;
  readonly consumer: string;
  readonly callbackGas: bigint;
  readonly inputHash: string;
  /** Units of work. */
  readonly work: bigint;
  /** OPG in wei. */
  readonly maxFee: bigint;
  /** OPG in wei. */
  readonly minFee: bigint;
  /** OPG in wei. */
  readonly royalty: bigint;
  /** OPG in wei. */
  readonly collateral: bigint;
  /** Unix time in seconds. */
  readonly rampStart: bigint;
  readonly rampSeconds: bigint;
  /** Unix time in seconds. */
  readonly expiry: bigint;
  readonly lockSeconds: bigint;
  readonly salt: bigint;
}

/** EIP-712 type of the terms. */
export const REQUEST_TYPES: Record<string, TypedDataField[]> = {
  InferenceRequest: [
    { name: "modelId", type: "bytes32" },
    { name: "tier", type: "uint8" },
    { name: "payer", type: "address" },
    { name: "consumer", type: "address" },
    { name: "callbackGas", type: "uint32" },
    { name: "inputHash", type: "bytes32" },
    { name: "work", type: "uint96" },
    { name: "maxFee", type: "uint96" },
    { name: "minFee", type: "uint96" },
    { name: "royalty", type: "uint96" },
    { name: "collateral", type: "uint96" },
    { name: "rampStart", type: "uint40" },
    { name: "rampSeconds", type: "uint32" },
    { name: "expiry", type: "uint40" },
    { name: "lockSeconds", type: "uint32" },
    { name: "salt", type: "uint256" },
  ],
};

/** The market that a request is made at. */
export interface MarketDomain {
  readonly chainId: bigint;
  readonly market: string;
}

/** EIP-712 domain of a market's requests. */
export function requestDomain({ chainId, market }: MarketDomain): TypedDataDomain {
  return {
    name: "OpenGradient InferenceMarket",
    version: "1",
    chainId,
    verifyingContract: market,
  };
}

/** Id of a request: the EIP-712 digest of its terms under the market's domain. It is also what a payer signs. */
export function requestId(terms: RequestTerms, market: MarketDomain): string {
  return TypedDataEncoder.hash(requestDomain(market), REQUEST_TYPES, terms);
}

/**
 * What a node that takes a request at this time is paid, in OPG wei, royalty and treasury share included.
 *
 * @param time Unix time in seconds.
 */
export function feeAt(
  { minFee, maxFee, rampStart, rampSeconds }: RequestTerms,
  time: bigint,
): bigint {
  // A clock that is behind the chain's sees the first offer.
  const elapsed = time < rampStart ? 0n : time - rampStart;
  if (elapsed >= rampSeconds) return maxFee;
  return minFee + ((maxFee - minFee) * elapsed) / rampSeconds;
}

/** The terms as the contract's event carries them, as a plain object. */
export function termsOf(struct: InferenceRequestStructOutput): RequestTerms {
  const { modelId, tier, payer, consumer, callbackGas, inputHash } = struct;
  const { work, maxFee, minFee, royalty, collateral } = struct;
  const { rampStart, rampSeconds, expiry, lockSeconds, salt } = struct;
  return {
    modelId,
    tier,
    payer,
    consumer,
    callbackGas,
    inputHash,
    work,
    maxFee,
    minFee,
    royalty,
    collateral,
    rampStart,
    rampSeconds,
    expiry,
    lockSeconds,
    salt,
  };
}
