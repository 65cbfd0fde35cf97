import { randomBytes } from "node:crypto";
import { hexlify, keccak256 } from "ethers";
import { GatewayError } from "./failure.ts";
import type { PaymentGate } from "./payment.ts";

export const NONCE_HEADER = "OpenGradient-Nonce";

/**
 * The nonce that a request names, or that of what pays for it, or a random one.
 *
 * @throws GatewayError 400.
 */
export function nonceOf(headers: Headers, payments: Pick<PaymentGate, "nonceOf">): string {
  const named = headers.get(NONCE_HEADER);
  if (named === null) return payments.nonceOf?.(headers) ?? hexlify(randomBytes(32));
  if (/^0x[0-9a-fA-F]{64}$/.test(named)) return named.toLowerCase();
  const message = `${NONCE_HEADER} is not 32 bytes as 0x-prefixed hex.`;
  throw new GatewayError(400, "nonce_invalid", message, { parameter: NONCE_HEADER });
}

/**
 * The seed of a request that names none: the first 31 bits of its nonce's hash. Who asks again with the same nonce asks for the
 * same, and gets the same answer.
 */
export function seedOf(nonce: string): number {
  return Number.parseInt(keccak256(nonce).slice(2, 10), 16) >>> 1;
}
