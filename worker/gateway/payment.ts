import type { Alongside } from "../receipts/alongside.ts";
import type { DirectAnswer, DirectOffer } from "../receipts/direct-answer.ts";
import type { PriceQuote, Usage } from "../../sdk/price-quote.ts";

/** A request that is about to be answered, as far as it matters for who pays. */
export interface PayableRequest {
  readonly headers: Headers;
  /** What was asked for, such as `https://node.example/v1/chat/completions`. */
  readonly url: string;
  readonly offer: DirectOffer;
  /** keccak256 of the input. */
  readonly inputHash: string;
  /** What tells this request from others for the same. */
  readonly nonce: string;
  /** The most that the answer can use. */
  readonly most: Usage;
}

/** Somebody stands in for an answer's fee. Ends with `conclude` or with `release`, once. */
export interface Admission {
  readonly payer: string;
  /** The offer's, or for payments of a fixed amount that amount as `base`. */
  readonly quote: PriceQuote;
  /** Most that the answer may cost, in OPG wei. */
  readonly maxFee: bigint;
  /** Whether text may leave before the payment is concluded. */
  readonly mayStream: boolean;
  /** The charge, to be journalled in one transaction with the receipt. */
  readonly charge: Alongside;
  /**
   * Collects what is to be collected now, once for an answer, whether it is new or was given before.
   *
   * @returns headers of the HTTP answer.
   * @throws GatewayError 402 if the payment fails: the answer does not leave, and waits for a payment that does not.
   */
  readonly conclude: (answer: DirectAnswer) => Promise<Readonly<Record<string, string>>>;
  /** There is no answer: nothing is charged. */
  readonly release: () => Promise<void>;
}

/** Decides who may ask. */
export interface PaymentGate {
  /**
   * What tells a request apart whose client says nothing, by the payment that it shows, if that has such a thing: who shows it again
   * asks for the same.
   */
  readonly nonceOf?: (headers: Headers) => string | undefined;
  /** @throws GatewayError 402 with what would do, if nothing that pays is shown; 400 for what is shown and is malformed. */
  readonly admit: (request: PayableRequest) => Promise<Admission>;
}
