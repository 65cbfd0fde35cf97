import { hexlify, parseEther, randomBytes, type Signer } from "ethers";
import { z } from "zod";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import type { ReceiptEnvelope } from "../receipt-envelope.ts";
import { watchReceipt } from "./answer-receipt.ts";
import { closeChannel, type ChannelEnd } from "./close-channel.ts";
import { createMemoryStore, type ChannelStore } from "./channel-record.ts";
import { objectionToFee } from "./fee-check.ts";
import type { SpendingLimits } from "./spending-limits.ts";
import {
  channelDemandSchema,
  encodeVoucherHeader,
  VOUCHER_HEADER,
  type ChannelDemand,
  type VoucherHeader,
} from "./voucher-header.ts";
import { VoucherWallet, type Claimed } from "./voucher-wallet.ts";
import { createX402Fetch } from "./x402-fetch.ts";

type Fetch = typeof globalThis.fetch;

export interface PayingFetchOptions {
  /** What sends requests; the global one by default. */
  readonly fetch?: Fetch;
  /** Whose OPG pays. It needs no ETH, but to close a channel. */
  readonly wallet: Signer;
  readonly deployment: Deployment;
  /** The node's operator: nobody else is paid. */
  readonly node: string;
  /** By vouchers of one channel, or each request by itself with x402; the former by default. */
  readonly payWith?: "voucher" | "x402";
  /** Unless told otherwise: 1 OPG per request, 10 per session, 100 for the node, nothing without a receipt. */
  readonly limits?: Partial<SpendingLimits>;
  /** What a channel is opened and funded with, in OPG wei; 5 OPG by default. What is not used comes back when it is closed. */
  readonly deposit?: bigint;
  /** Where channels are remembered; by default they are as long as the process runs. */
  readonly store?: ChannelStore;
  /** The contract that receipts must be for; any by default. */
  readonly ledger?: string;
  /** Account that x402 may pay; the node's operator by default. */
  readonly payTo?: string;
}

/** Asks one node, and pays for what it answers. */
export interface PayingFetch {
  /** Like the global one; answers of other origins are paid to the same node only. */
  readonly fetch: Fetch;
  /** OPG wei that this session's receipts add up to; what x402 paid. */
  readonly spent: () => bigint;
  /** Closes the channel, at the node's origin: by both, or by the payer alone where the node does not consent. */
  readonly close: (origin: string) => Promise<ChannelEnd>;
}

const DEFAULT_LIMITS: SpendingLimits = {
  perRequest: parseEther("1"),
  perSession: parseEther("10"),
  perNode: parseEther("100"),
  unproven: 0n,
};

const DEFAULT_DEPOSIT = parseEther("5");

const NONCE_HEADER = "OpenGradient-Nonce";

/** How often a request is shown with another voucher: for the price, for the deposit, and for what changed meanwhile. */
const MAX_ATTEMPTS = 4;

const refusalSchema = z.object({ opengradient: z.object({ channel: channelDemandSchema }) });

/**
 * Wraps `fetch` so that what a node asks for is paid, within limits. It pays for what receipts show, and reads nothing else of answers:
 * whether they are what was asked for, and whose signature they bear, is to be checked by whoever gets them.
 */
export async function createPayingFetch(options: PayingFetchOptions): Promise<PayingFetch> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const send = options.fetch ?? globalThis.fetch;
  if (options.payWith === "x402") return createX402Fetch({ ...options, fetch: send, limits });
  const wallet = await VoucherWallet.open({
    ...options,
    limits,
    deposit: options.deposit ?? DEFAULT_DEPOSIT,
    store: options.store ?? createMemoryStore(),
  });
  return {
    fetch: (input, init) => payByVoucher({ ...options, send, wallet }, new Request(input, init)),
    spent: () => wallet.spent,
    close: (origin) => closeChannel({ ...options, send, channel: wallet }, origin),
  };
}

interface VoucherFetch extends Pick<PayingFetchOptions, "deployment" | "node" | "ledger"> {
  readonly send: Fetch;
  readonly wallet: VoucherWallet;
}

async function payByVoucher(context: VoucherFetch, request: Request): Promise<Response> {
  const { wallet } = context;
  const nonce = request.headers.get(NONCE_HEADER) ?? hexlify(randomBytes(32));
  request.headers.set(NONCE_HEADER, nonce);
  const claimed = wallet.begin();
  const end = () => {
    wallet.end(claimed);
  };
  try {
    const response = await sendPaid(context, request, claimed);
    if (!response.ok) {
      end();
      return response;
    }
    const onReceipt = (envelope: ReceiptEnvelope) => count(context, envelope, { nonce, claimed });
    return await watchReceipt(response, onReceipt, end);
  } catch (error) {
    end();
    throw error;
  }
}

/** Sends a request with what the node wants to see, as soon as that is known. */
async function sendPaid(
  { send, wallet }: VoucherFetch,
  request: Request,
  claimed: Claimed,
): Promise<Response> {
  let voucher = await wallet.firstVoucher();
  for (let attempt = 1; ; attempt++) {
    const response = await send(withVoucher(request, voucher));
    if (response.status !== 402 || attempt === MAX_ATTEMPTS) return response;
    const demand = await demandOf(response.clone());
    // It is paid in other ways: whoever asked may know them.
    if (demand === undefined) return response;
    voucher = await wallet.answer(demand, claimed);
  }
}

function withVoucher(request: Request, voucher: VoucherHeader | undefined): Request {
  const copy = request.clone();
  if (voucher !== undefined) copy.headers.set(VOUCHER_HEADER, encodeVoucherHeader(voucher));
  return copy;
}

async function demandOf(response: Response): Promise<ChannelDemand | undefined> {
  const parsed = refusalSchema.safeParse(await response.json().catch(() => undefined));
  return parsed.success ? parsed.data.opengradient.channel : undefined;
}

/** @throws OpenGradientError `PAYMENT_REFUSED` for a receipt that is no reason to pay. */
async function count(
  { wallet, deployment, node, ledger }: VoucherFetch,
  envelope: ReceiptEnvelope,
  { nonce, claimed }: { readonly nonce: string; readonly claimed: Claimed },
): Promise<void> {
  const { payer } = wallet;
  const { receipt } = envelope;
  const expected = { chainId: deployment.chainId, ledger, payer, node, nonce };
  const objection =
    objectionToFee(envelope, expected) ??
    (receipt.fee > wallet.mostFor(claimed) ? "its fee is more than the node said" : undefined);
  if (objection !== undefined)
    throw new OpenGradientError(
      "PAYMENT_REFUSED",
      `The receipt of ${node} is not paid: ${objection}.`,
      "Do not use the answer, and ask another node.",
    );
  await wallet.count(claimed, receipt.requestId, receipt.fee);
}
