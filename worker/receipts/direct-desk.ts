import type { Alongside } from "./alongside.ts";
import type { DirectAnswer, DirectForm, DirectOffer, DirectOrder } from "./direct-answer.ts";
import type { Usage } from "../../sdk/price-quote.ts";

export interface AnswerOptions {
  /** Gets the text of a language model piece by piece, before its receipt is there. */
  readonly onText?: (piece: string) => void;
  readonly signal?: AbortSignal;
  /** What is to be journalled in one transaction with the receipt, or not at all: what the answer costs whom. */
  readonly alongside?: Alongside;
}

/** Where direct requests are answered: what comes from here is signed and journalled. */
export interface DirectDesk {
  readonly offers: readonly DirectOffer[];
  /**
   * The most that an answer can use, without computing it. What it returns bounds the receipt's units.
   *
   * @throws OpenGradientError for what would be refused.
   */
  readonly measure: (offer: DirectOffer, form: DirectForm, input: Uint8Array) => Promise<Usage>;
  /**
   * Answers an order; one with the same request id gets the answer that was given, and `alongside` is not written again.
   *
   * @throws OpenGradientError if there is no answer; nothing was journalled then.
   */
  readonly answer: (
    offer: DirectOffer,
    order: DirectOrder,
    options?: AnswerOptions,
  ) => Promise<DirectAnswer>;
}
