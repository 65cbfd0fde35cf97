import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import { PaymentRequiredV2Schema } from "@x402/core/schemas";
import type { PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { x402Client } from "@x402/fetch";
import {
  getAddress,
  hexlify,
  isAddress,
  randomBytes,
  type Signer,
  type TypedDataField,
} from "ethers";
import { z } from "zod";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import type { PayingFetch } from "./paying-fetch.ts";
import { requireWithin, type SpendingLimits } from "./spending-limits.ts";

export interface X402FetchOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly wallet: Signer;
  readonly deployment: Deployment;
  readonly node: string;
  readonly payTo?: string;
  readonly limits: SpendingLimits;
}

const NONCE_HEADER = "OpenGradient-Nonce";

const signatureSchema = z.templateLiteral(["0x", z.string()]);
const typesSchema = z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() })));

/** Pays each request by itself, with x402's own client, to one account, in OPG, within limits. */
export async function createX402Fetch(options: X402FetchOptions): Promise<PayingFetch> {
  const { deployment } = options;
  const client = new x402Client()
    // Its own limits are in dollars. Ours are below, and OPG is all that is paid.
    .setSpendControls(false)
    .register(`eip155:${deployment.chainId}`, new ExactEvmScheme(await signerOf(options.wallet)));
  const meter = { spent: 0n, underWay: 0n };
  return {
    fetch: (input, init) => payByX402({ ...options, client, meter }, new Request(input, init)),
    spent: () => meter.spent,
    close: () =>
      Promise.reject(
        new OpenGradientError(
          "PAYMENT_REFUSED",
          "Payments by x402 use no channel.",
          "There is nothing to close.",
        ),
      ),
  };
}

interface X402Context extends X402FetchOptions {
  readonly client: x402Client;
  readonly meter: { spent: bigint; underWay: bigint };
}

async function payByX402(context: X402Context, request: Request): Promise<Response> {
  const { fetch: send, client, meter } = context;
  // Whoever asks again with the same nonce and another payment gets what the first payment failed to pay.
  if (!request.headers.has(NONCE_HEADER))
    request.headers.set(NONCE_HEADER, hexlify(randomBytes(32)));
  const refused = await send(request.clone());
  const required = refused.status === 402 ? requiredOf(refused) : undefined;
  if (required === undefined) return refused;
  const accepted = chosenFrom(context, required);
  const amount = BigInt(accepted.amount);
  const { spent } = meter;
  requireWithin(context.limits, {
    maxFee: amount,
    underWay: meter.underWay + amount,
    spent: { session: spent, node: spent },
  });
  const payload = await client.createPaymentPayload({ ...required, accepts: [accepted] });
  request.headers.set("PAYMENT-SIGNATURE", encodePaymentSignatureHeader(payload));
  meter.underWay += amount;
  // Signed money counts as spent unless the node says that it did not take it.
  let isSpent = true;
  try {
    const response = await send(request);
    isSpent = response.status >= 500 || isSettled(response);
    return response;
  } finally {
    meter.underWay -= amount;
    if (isSpent) meter.spent += amount;
  }
}

function requiredOf(response: Response): PaymentRequired | undefined {
  const header = response.headers.get("PAYMENT-REQUIRED");
  if (header === null) return undefined;
  try {
    const required = decodePaymentRequiredHeader(header);
    PaymentRequiredV2Schema.parse(required);
    return required;
  } catch {
    // Not x402's: whoever asked may know what it is.
    return undefined;
  }
}

/** @throws OpenGradientError `PAYEE_UNTRUSTED` if nothing that is wanted is OPG for the node. */
function chosenFrom(
  { deployment: { chainId, addresses }, node, payTo = node }: X402Context,
  { accepts }: PaymentRequired,
): PaymentRequirements {
  const chosen = accepts.find(
    (it) =>
      it.scheme === "exact" &&
      it.network === `eip155:${chainId}` &&
      isSame(it.asset, addresses.opg) &&
      isSame(it.payTo, payTo) &&
      it.extra.assetTransferMethod === undefined &&
      /^\d{1,29}$/.test(it.amount),
  );
  if (chosen !== undefined) return chosen;
  throw new OpenGradientError(
    "PAYEE_UNTRUSTED",
    `No payment in OPG to ${payTo} on chain ${chainId} is wanted.`,
    "Ask the node that you mean, or name the account that it is paid at (payTo).",
  );
}

function isSame(address: string, expected: string): boolean {
  return isAddress(address) && getAddress(address) === getAddress(expected);
}

function isSettled({ headers }: Response): boolean {
  const header = headers.get("PAYMENT-RESPONSE");
  if (header === null) return false;
  try {
    return decodePaymentResponseHeader(header).success;
  } catch {
    return false;
  }
}

/** An account of ethers as x402's client wants to see it. */
async function signerOf(wallet: Signer): Promise<ConstructorParameters<typeof ExactEvmScheme>[0]> {
  const address = signatureSchema.parse(await wallet.getAddress());
  return {
    address,
    signTypedData: async ({ domain, types, message }) => {
      const parsed: Record<string, TypedDataField[]> = typesSchema.parse(types);
      return signatureSchema.parse(await wallet.signTypedData(domain, parsed, message));
    },
  };
}
