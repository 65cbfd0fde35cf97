import { decodePaymentSignatureHeader } from "@x402/core/http";
import { PaymentPayloadV2Schema } from "@x402/core/schemas";
import type { PaymentPayload } from "@x402/core/types";
import { getAddress } from "ethers";
import { z } from "zod";
import { bytes32 } from "../../sdk/wire.ts";
import { GatewayError } from "../gateway/failure.ts";

/** Header of a request, in which its payer shows a payment. */
export const X402_HEADER = "PAYMENT-SIGNATURE";

/** x402's header is never that long; what is decoded must not cost more than it may. */
const MAX_HEADER = 16_384;

const decimal = z.string().regex(/^\d{1,78}$/, "is not a whole number in quotes");
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "is not an address")
  .transform((text) => getAddress(text.toLowerCase()));

/**
 * An authorisation of ERC-3009, as x402's scheme `exact` carries it. OPG takes signatures of keys; other methods of transfer need
 * contracts of x402's.
 */
const authorizationSchema = z.object({
  authorization: z.object({
    from: address,
    to: address,
    value: decimal,
    validAfter: decimal,
    validBefore: decimal,
    nonce: z
      .string()
      .transform((text) => text.toLowerCase())
      .pipe(bytes32),
  }),
  signature: z
    .string()
    .regex(/^0x[0-9a-fA-F]{130}$/, "has not 65 bytes")
    .transform((text) => text.toLowerCase()),
});

export type X402Authorization = z.output<typeof authorizationSchema>;

/** A payment as it was shown. */
export interface X402Payload {
  readonly payload: PaymentPayload;
  readonly shown: X402Authorization;
}

/**
 * What a request's header says.
 *
 * @throws GatewayError 400.
 */
export function readX402Header(headers: Headers): X402Payload {
  try {
    const text = headers.get(X402_HEADER) ?? "";
    if (text.length > MAX_HEADER) throw new RangeError("The header is too long.");
    const { x402Version, accepted, payload } = PaymentPayloadV2Schema.parse(
      decodePaymentSignatureHeader(text),
    );
    const shown = authorizationSchema.parse(payload);
    const requirements = { ...accepted, network: networkIn(accepted.network) };
    const extra = accepted.extra ?? {};
    // Only what was understood goes on: what is kept of a payment is what was checked.
    const checked = { x402Version, accepted: { ...requirements, extra }, payload: { ...shown } };
    return { payload: checked, shown };
  } catch (cause) {
    throw new GatewayError(400, "payment_malformed", `${X402_HEADER} cannot be read.`, {
      parameter: X402_HEADER,
      cause,
    });
  }
}

function networkIn(text: string): PaymentPayload["accepted"]["network"] {
  const [namespace = "", ...rest] = text.split(":");
  return `${namespace}:${rest.join(":")}`;
}
