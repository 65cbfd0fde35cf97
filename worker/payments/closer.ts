import { Signature, type Provider, type Wallet } from "ethers";
import { channelDigest, signChannelMessage, type CooperativeClose } from "../../sdk/channel.ts";
import type { Deployment } from "../../sdk/deployment.ts";
import { GatewayError } from "../gateway/failure.ts";
import { isSignedByContract } from "./erc1271.ts";

export interface CloserOptions {
  /** The node of the channels: the operator. */
  readonly node: string;
  /** The worker's account. */
  readonly wallet: Wallet;
  readonly deployment: Deployment;
  readonly provider: Pick<Provider, "call">;
}

/**
 * Signs that the node consents to a channel's end. The escrow wants the operator's signature, whose key is not here where the worker has
 * an account of its own: it can sign then only for an operator that is a contract and takes it (ERC-1271).
 */
export class Closer {
  readonly #options: CloserOptions;

  constructor(options: CloserOptions) {
    this.#options = options;
  }

  /** @throws GatewayError 501 if this worker cannot sign for the operator: the payer closes alone then, in three days. */
  async consent(close: CooperativeClose): Promise<string> {
    const { node, wallet, deployment, provider } = this.#options;
    const signature = await signChannelMessage(deployment, wallet, "CooperativeClose", close);
    if (wallet.address === node) return signature;
    const digest = channelDigest(deployment, "CooperativeClose", close);
    // Contracts know signatures of keys in their long form.
    const long = Signature.from(signature).serialized;
    if (await isSignedByContract(provider, { signer: node, digest, signature: long })) return long;
    throw new GatewayError(501, "close_unavailable", UNAVAILABLE);
  }
}

const UNAVAILABLE =
  "This node's worker does not hold its operator's key. Close the channel on chain: startClose, and close three days later.";
