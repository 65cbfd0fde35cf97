import { base64UrlText, fromBase64Url } from "./base64url.ts";
import { z } from "zod";
import { address, bytes32, fixedBytes, hex, uint } from "../wire.ts";

/*
 * What is said over HTTP about channels: the voucher that pays a request, what a node wants if it does not, and how a channel is
 * closed by both.
 */

/** Header of a request, in which its payer shows a voucher. */
export const VOUCHER_HEADER = "OpenGradient-Voucher";

/** Contracts sign as they like, but not at any length: a claim holds at most 65,535 bytes, and headers some thousands. */
const MAX_SIGNATURE_DIGITS = 2 + 2 * 2_048;

const signature = hex
  .min(2 + 2 * 64, "is too short for a signature")
  .max(MAX_SIGNATURE_DIGITS, "is too long for a signature");

/** A channel, and what its payer lets the node have of it in all. */
const voucher = {
  payer: address,
  salt: uint(96),
  /** OPG in wei. */
  cumulative: uint(96),
  /** The payer's: of a key in 64 bytes (EIP-2098) or 65, of a contract in any form. */
  signature,
} as const;

/**
 * A transfer of the payer's OPG into the channel (ERC-3009), which the node submits if it needs it: it opens the channel if there is
 * none, and otherwise funds it. The payer needs no ETH.
 */
const fundingSchema = z.strictObject({
  /** OPG in wei. */
  amount: uint(96),
  validAfter: uint(48),
  validBefore: uint(48),
  nonceSalt: bytes32,
  signature: fixedBytes(65),
});

export type ChannelFunding = z.output<typeof fundingSchema>;

/** What the header carries, as base64url of JSON. */
const voucherHeaderSchema = z.strictObject({ ...voucher, funding: fundingSchema.optional() });

export type VoucherHeader = z.output<typeof voucherHeaderSchema>;

export function encodeVoucherHeader(header: VoucherHeader): string {
  return base64UrlText(JSON.stringify(z.encode(voucherHeaderSchema, header)));
}

/** @throws ZodError or SyntaxError for what is no such header. */
export function decodeVoucherHeader(text: string): VoucherHeader {
  return voucherHeaderSchema.parse(JSON.parse(fromBase64Url(text)));
}

export const CHANNEL_STATUSES = ["none", "open", "closing", "closed"] as const;

export type ChannelStatusName = (typeof CHANNEL_STATUSES)[number];

/** What a node wants to see on a channel before it answers a request: the member `opengradient.channel` of a 402's body. */
export const channelDemandSchema = z.object({
  chainId: uint(256),
  feeEscrow: address,
  opg: address,
  node: address,
  /** What the node lets a channel owe, in OPG wei. */
  credit: uint(96),
  /** Least that the node takes the trouble to open or fund a channel with, in OPG wei. */
  minimumDeposit: uint(96),
  /** Most that the request may cost, in OPG wei. */
  maxFee: uint(96),
  /** Of the channel that was named, as the node sees it; `none` too if no authentic voucher named one. */
  status: z.enum(CHANNEL_STATUSES),
  /** All that is in the channel, or was; confirmed on chain. */
  deposit: uint(96),
  /** Fees of its answers in all. */
  charged: uint(96),
  /** Most that answers under way may cost. */
  reserved: uint(96),
  /** What a voucher has to say so that the request is answered. */
  cumulative: uint(96),
  /** What has to be in the channel in all so that it is. */
  depositNeeded: uint(97),
});

export type ChannelDemand = z.output<typeof channelDemandSchema>;

/** What `POST /v1/channels/:id/close` takes: a voucher over exactly what was charged. */
export const closeRequestSchema = z.strictObject(voucher);

export type CloseRequest = z.output<typeof closeRequestSchema>;

/** What it answers: the node's consent, for `closeCooperatively` of the escrow. */
export const closeAnswerSchema = z.strictObject({
  channelId: bytes32,
  node: address,
  salt: uint(96),
  cumulative: uint(96),
  signature,
});

export type CloseAnswer = z.output<typeof closeAnswerSchema>;
