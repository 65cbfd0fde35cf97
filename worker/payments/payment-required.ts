import { encodePaymentRequiredHeader } from "@x402/core/http";
import { z } from "zod";
import { channelDemandSchema, type ChannelDemand } from "../../sdk/payments/voucher-header.ts";
import { itemisedFee } from "../../sdk/price-quote.ts";
import { GatewayError } from "../gateway/failure.ts";
import type { PayableRequest } from "../gateway/payment.ts";
import type { Channel } from "./channel.ts";
import { cumulativeNeeded, depositNeeded } from "./channel.ts";
import type { X402Offer } from "./x402-offer.ts";

/** Vouchers have 96 bits, like everything in OPG that is paid. */
const MAX_AMOUNT = (1n << 96n) - 1n;

/** What a node takes for an answer, told by every refusal. */
export interface PaymentTerms {
  /** What vouchers have to name and may owe, if they are taken. */
  readonly channels:
    | Pick<ChannelDemand, "chainId" | "feeEscrow" | "opg" | "node" | "credit" | "minimumDeposit">
    | undefined;
  readonly x402: X402Offer | undefined;
}

/** Why a request is not answered. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The channel that an authentic voucher named. */
  readonly channel?: Channel | undefined;
}

/**
 * Most that an answer may cost.
 *
 * @throws GatewayError 400 for more than there can be.
 */
export function mostOf({ offer, most }: PayableRequest): bigint {
  const { total } = itemisedFee(offer.quote, most);
  if (total > MAX_AMOUNT)
    throw new GatewayError(400, "too_expensive", "This could cost more than there is.");
  return total;
}

/** A 402 that says everything that would do instead: x402's header, and what a voucher would have to say. */
export function paymentRequired(
  terms: PaymentTerms,
  request: PayableRequest,
  { code, message, channel }: Refusal,
): GatewayError {
  const maxFee = mostOf(request);
  const details = terms.channels && {
    channel: z.encode(channelDemandSchema, demandOf(terms.channels, maxFee, channel)),
  };
  const offered = terms.x402?.paymentRequired(request.url, maxFee, message);
  return new GatewayError(402, code, message, {
    headers: {
      // What it says is good for this request only.
      "Cache-Control": "no-store",
      ...(offered !== undefined && { "PAYMENT-REQUIRED": encodePaymentRequiredHeader(offered) }),
    },
    ...(details !== undefined && { details }),
  });
}

const NO_CHANNEL = { charged: 0n, reserved: 0n } as const;

function demandOf(
  named: NonNullable<PaymentTerms["channels"]>,
  maxFee: bigint,
  channel: Channel | undefined,
): ChannelDemand {
  const { charged, reserved } = channel ?? NO_CHANNEL;
  const status = channel?.isRetired === true ? "closed" : (channel?.onChain.status ?? "none");
  return {
    ...named,
    maxFee,
    status,
    deposit: channel?.onChain.deposit ?? 0n,
    ...{ charged, reserved },
    cumulative: cumulativeNeeded({ charged, reserved }, { maxFee, credit: named.credit }),
    depositNeeded: depositNeeded({ charged, reserved }, maxFee),
  };
}
