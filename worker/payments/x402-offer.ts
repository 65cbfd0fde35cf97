import type { Network, PaymentRequired, PaymentRequirements } from "@x402/core/types";
import type { X402Config } from "./config.ts";

export interface X402OfferOptions {
  readonly chainId: bigint;
  /** Address of the token. */
  readonly opg: string;
  /** EIP-712 domain of the token: what payers sign for. */
  readonly domain: { readonly name: string; readonly version: string };
  readonly payTo: string;
  readonly config: X402Config;
}

/** What x402 calls this node's chain (CAIP-2). */
export function networkOf(chainId: bigint): Network {
  return `eip155:${chainId}`;
}

/**
 * What the node asks for by x402: the most that an answer can cost, by an authorisation of OPG (ERC-3009). `upto`, which would pay what
 * was used, needs contracts of x402's that this chain may not have; channels pay what was used, and need none.
 */
export class X402Offer {
  readonly #options: X402OfferOptions;

  constructor(options: X402OfferOptions) {
    this.#options = options;
  }

  /** Who is paid. */
  get payTo(): string {
    return this.#options.payTo;
  }

  /** What a payment has to be. */
  requirements(maxFee: bigint): PaymentRequirements {
    const { chainId, opg, domain, payTo, config } = this.#options;
    return {
      scheme: "exact",
      network: networkOf(chainId),
      asset: opg,
      amount: String(this.amountOf(maxFee)),
      payTo,
      maxTimeoutSeconds: config.maxTimeoutSeconds,
      extra: { name: domain.name, version: domain.version },
    };
  }

  /** What an answer costs that may cost so much: each payment is a transaction, which has to be worth its gas. */
  amountOf(maxFee: bigint): bigint {
    const { minimumAmount } = this.#options.config;
    return maxFee > minimumAmount ? maxFee : minimumAmount;
  }

  /** What the header `PAYMENT-REQUIRED` says. */
  paymentRequired(url: string, maxFee: bigint, error: string): PaymentRequired {
    const resource = { url, mimeType: "application/json" };
    return { x402Version: 2, error, resource, accepts: [this.requirements(maxFee)] };
  }
}
