import { TypedDataEncoder, type TypedDataField } from "ethers";
import type { InferenceRequestStructOutput } from "../typechain-types/contracts/InferenceMarket.js";

/** The complete terms of a request; see `contracts/types/InferenceRequest.sol` for each member. */
export interface RequestTerms {
  readonly modelId: string;
  readonly tier: bigint;
  readonly payer: string;
  readonly consumer: string;
  readonly callbackGas: bigint;
  readonly inputHash: string;
  /** OPG in wei. */
  readonly maxFee: bigint;
  /** OPG in wei. */
  readonly royalty: bigint;
  /** OPG in wei. */
  readonly collateral: bigint;
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
    { name: "maxFee", type: "uint96" },
    { name: "royalty", type: "uint96" },
    { name: "collateral", type: "uint96" },
    { name: "expiry", type: "uint40" },
    { name: "lockSeconds", type: "uint32" },
    { name: "salt", type: "uint256" },
  ],
};

/** Id of a request: the EIP-712 digest of its terms under the market's domain. */
export function requestId(
  terms: RequestTerms,
  { chainId, market }: { chainId: bigint; market: string },
): string {
  const domain = {
    name: "OpenGradient InferenceMarket",
    version: "1",
    chainId,
    verifyingContract: market,
  };
  return TypedDataEncoder.hash(domain, REQUEST_TYPES, terms);
}

/** The terms as the contract's event carries them, as a plain object. */
export function termsOf(struct: InferenceRequestStructOutput): RequestTerms {
  const { modelId, tier, payer, consumer, callbackGas, inputHash } = struct;
  const { maxFee, royalty, collateral, expiry, lockSeconds, salt } = struct;
  return {
    modelId,
    tier,
    payer,
    consumer,
    callbackGas,
    inputHash,
    maxFee,
    royalty,
    collateral,
    expiry,
    lockSeconds,
    salt,
  };
}
