import { dataSlice, getAddress, id } from "ethers";
import { itemisedFee } from "../../sdk/price-quote.ts";
import { GatewayError } from "../gateway/failure.ts";
import type { Admission, PayableRequest, PaymentGate } from "../gateway/payment.ts";

/** Header by which tests say who pays, by any name. */
export const PAYER_HEADER = "Test-Payer";

/** Lets everybody ask but "nobody", and counts what becomes of it. */
export class FakePayments implements PaymentGate {
  mayStream = true;
  /** What `conclude` and `release` throw. */
  concludeFailure: Error | undefined;
  releaseFailure: Error | undefined;
  readonly counts = { admitted: 0, charged: 0, concluded: 0, released: 0 };
  /** Requests as they came. */
  readonly requests: PayableRequest[] = [];

  /** Admissions that have not ended. */
  get open(): number {
    const { admitted, concluded, released } = this.counts;
    return admitted - concluded - released;
  }

  async admit(request: PayableRequest): Promise<Admission> {
    await Promise.resolve();
    this.requests.push(request);
    const name = request.headers.get(PAYER_HEADER) ?? "somebody";
    if (name === "nobody")
      throw new GatewayError(402, "payment_required", "Pay.", {
        headers: { "PAYMENT-REQUIRED": "how" },
        details: { channel: { credit: "0" } },
      });
    this.counts.admitted++;
    const { quote } = request.offer;
    return {
      payer: getAddress(dataSlice(id(name), 12)),
      quote,
      maxFee: itemisedFee(quote, request.most).total,
      mayStream: this.mayStream,
      charge: () => {
        this.counts.charged++;
        return Promise.resolve();
      },
      conclude: () => this.#conclude(),
      release: () => this.#release(),
    };
  }

  #conclude(): Promise<Readonly<Record<string, string>>> {
    this.counts.concluded++;
    if (this.concludeFailure) return Promise.reject(this.concludeFailure);
    return Promise.resolve({ "PAYMENT-RESPONSE": "paid" });
  }

  #release(): Promise<void> {
    this.counts.released++;
    return this.releaseFailure ? Promise.reject(this.releaseFailure) : Promise.resolve();
  }
}
