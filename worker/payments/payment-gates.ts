import { ZeroAddress } from "ethers";
import { VOUCHER_HEADER } from "../../sdk/payments/voucher-header.ts";
import { GatewayError } from "../gateway/failure.ts";
import type { Admission, PayableRequest, PaymentGate } from "../gateway/payment.ts";
import { mostOf, paymentRequired, type PaymentTerms } from "./payment-required.ts";
import { readX402Header, X402_HEADER } from "./x402-payload.ts";

/** The ways in which a node is paid. */
export interface PaymentGatesOptions {
  readonly vouchers: PaymentGate | undefined;
  readonly x402: PaymentGate | undefined;
  readonly terms: PaymentTerms;
}

/** Hands a request to the way of payment that it shows, and tells the others what there is. */
export class PaymentGates implements PaymentGate {
  readonly #options: PaymentGatesOptions;

  constructor(options: PaymentGatesOptions) {
    this.#options = options;
  }

  /** Payments by x402 carry a nonce of their own, which is used once. */
  nonceOf(headers: Headers): string | undefined {
    if (this.#options.x402 === undefined || !headers.has(X402_HEADER)) return undefined;
    return readX402Header(headers).shown.authorization.nonce;
  }

  async admit(request: PayableRequest): Promise<Admission> {
    const { vouchers, x402, terms } = this.#options;
    const showsVoucher = request.headers.has(VOUCHER_HEADER);
    const showsPayment = request.headers.has(X402_HEADER);
    if (showsVoucher && showsPayment)
      throw new GatewayError(400, "paid_twice", `Send ${VOUCHER_HEADER} or ${X402_HEADER}.`);
    if (showsVoucher && vouchers !== undefined) return vouchers.admit(request);
    if (showsPayment && x402 !== undefined) return x402.admit(request);
    // What costs nothing needs no payment.
    if (mostOf(request) === 0n) return gratis(request);
    const message =
      showsVoucher || showsPayment
        ? "This node is not paid in this way."
        : `Show a voucher (${VOUCHER_HEADER}) or a payment by x402 (${X402_HEADER}).`;
    throw paymentRequired(terms, request, { code: "payment_required", message });
  }
}

/** Answers everybody for nothing. */
export class FreeGate implements PaymentGate {
  admit(request: PayableRequest): Promise<Admission> {
    return Promise.resolve(gratis(request));
  }
}

function gratis({ offer: { quote } }: PayableRequest): Admission {
  const nothing = () => Promise.resolve();
  return {
    payer: ZeroAddress,
    quote: { ...quote, base: 0n, perInputUnit: 0n, perOutputUnit: 0n },
    maxFee: 0n,
    mayStream: true,
    charge: nothing,
    conclude: () => Promise.resolve({}),
    release: nothing,
  };
}
