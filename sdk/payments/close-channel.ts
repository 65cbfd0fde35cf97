import type { Signer } from "ethers";
import { z } from "zod";
import { FeeEscrow__factory } from "../../typechain-types/index.js";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { closeAnswerSchema, closeRequestSchema, type CloseAnswer } from "./voucher-header.ts";
import type { VoucherWallet } from "./voucher-wallet.ts";

export interface CloseContext {
  readonly send: typeof globalThis.fetch;
  /** The payer, with a provider and ETH for one transaction. */
  readonly wallet: Signer;
  readonly deployment: Deployment;
  readonly node: string;
  readonly channel: VoucherWallet;
}

/** How a channel ends. */
export type ChannelEnd =
  /** At once: what was left is in the payer's balance in `FeeEscrow`. */
  | { readonly how: "closed"; readonly transactionHash: string }
  /** `close` of the escrow returns what is left from this time on (Unix time in seconds). */
  | { readonly how: "closing"; readonly transactionHash: string; readonly closesAt: bigint };

/** Closes a channel for what its receipts add up to. The transaction is the payer's. */
export async function closeChannel(context: CloseContext, origin: string): Promise<ChannelEnd> {
  const { wallet, deployment, node, channel } = context;
  const escrow = FeeEscrow__factory.connect(deployment.addresses.feeEscrow, wallet);
  const consent = await askForConsent(context, origin);
  if (consent === undefined) {
    const started = await escrow.startClose(node, channel.salt);
    await started.wait();
    const { closesAt } = await escrow.channelOf(channel.channelId);
    return { how: "closing", transactionHash: started.hash, closesAt };
  }
  const { cumulative, signature } = consent;
  const closed = await escrow.closeCooperatively(node, channel.salt, cumulative, signature);
  await closed.wait();
  return { how: "closed", transactionHash: closed.hash };
}

/**
 * The node's consent; undefined if it does not give any.
 *
 * @throws OpenGradientError `CHANNEL_DISPUTED` if it consents to something else.
 */
async function askForConsent(
  { send, node, channel }: CloseContext,
  origin: string,
): Promise<CloseAnswer | undefined> {
  const { payer, salt, cumulative, signature } = await channel.finalVoucher();
  const asked = z.encode(closeRequestSchema, { payer, salt, cumulative, signature });
  const url = new URL(`/v1/channels/${channel.channelId}/close`, origin);
  const response = await send(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
  });
  if (!response.ok) return undefined;
  const parsed = closeAnswerSchema.safeParse(await response.json());
  if (parsed.success && parsed.data.cumulative === cumulative) return parsed.data;
  throw new OpenGradientError(
    "CHANNEL_DISPUTED",
    `${node} does not consent to what the channel's receipts add up to, ${cumulative} wei.`,
    "Close the channel on chain: startClose of FeeEscrow, and close three days later.",
  );
}
