import type { DirectForm, DirectOffer, DirectOrder, DirectRecord } from "./direct-answer.ts";
import type { ComputedAnswer } from "./node-signer.ts";
import type { Usage } from "../../sdk/price-quote.ts";

export interface ComputeOptions {
  /** Gets the text of a language model piece by piece. */
  readonly onText?: (piece: string) => void;
  readonly signal?: AbortSignal;
}

/** What an engine makes of an order: an answer for the node to sign, or one that its enclave has signed. */
export type EngineAnswer =
  | { readonly kind: "computed"; readonly answer: ComputedAnswer }
  | { readonly kind: "signed"; readonly record: DirectRecord };

/** What computes the answers of some offers. */
export interface DirectEngine {
  readonly offers: readonly DirectOffer[];
  /**
   * The most that an answer can use, without computing it.
   *
   * @throws OpenGradientError for what would be refused.
   */
  readonly measure: (offer: DirectOffer, form: DirectForm, input: Uint8Array) => Promise<Usage>;
  /**
   * Computes an answer. One that it has begun to sign it brings to its end, whoever has lost interest.
   *
   * @throws OpenGradientError if there is none.
   */
  readonly compute: (
    offer: DirectOffer,
    order: DirectOrder,
    options: ComputeOptions,
  ) => Promise<EngineAnswer>;
}
