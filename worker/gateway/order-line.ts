import { keccak256 } from "ethers";
import type { Logger } from "pino";
import type { GatewayLimits } from "./config.ts";
import { startDeadline } from "./deadline.ts";
import { FairQueue } from "./fair-queue.ts";
import { GatewayError } from "./failure.ts";
import type { GatewayMetrics } from "./metrics.ts";
import type { Offers, Wanted } from "./offers.ts";
import type { Admission, PaymentGate } from "./payment.ts";
import type { DirectAnswer, DirectOffer, DirectOrder } from "../receipts/direct-answer.ts";
import type { DirectDesk } from "../receipts/direct-desk.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { quoteHash, type PriceQuote } from "../../sdk/price-quote.ts";
import type { Settlement } from "../../sdk/receipt.ts";
import { TIERS } from "../../sdk/tiers.ts";

export interface OrderLineOptions {
  readonly desk: Pick<DirectDesk, "measure" | "answer">;
  readonly offers: Offers;
  readonly payments: PaymentGate;
  /** Where receipts count. */
  readonly settlement: Settlement;
  readonly limits: GatewayLimits;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
}

/** A request whose body was understood. */
export interface Asked extends Wanted {
  readonly headers: Headers;
  /** Of the request, as clients know it. */
  readonly url: string;
  readonly nonce: string;
  /** Ends when the client goes away. */
  readonly signal: AbortSignal;
  /** The exact input that the request is for, at an offer. */
  readonly inputOf: (offer: DirectOffer) => Uint8Array;
}

/** An answer that may leave, and what goes with it. */
export interface ConcludedAnswer extends DirectAnswer {
  /** Headers of whoever was paid. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request for which somebody stands in. To be answered once: until then its fee stays reserved. */
export interface Order {
  readonly requestId: string;
  readonly offer: DirectOffer;
  readonly mayStream: boolean;
  /**
   * Answers it when it is its turn, and concludes its payment.
   *
   * @param onText Gets the text as it comes.
   */
  readonly answer: (onText?: (piece: string) => void) => Promise<ConcludedAnswer>;
}

/** A request on its way: priced, and with what stands in for the price. */
interface Admitted {
  readonly asked: Asked;
  readonly offer: DirectOffer;
  readonly order: DirectOrder;
  readonly admission: Admission;
}

/**
 * The way of a request from its body to its answer: offer, measure, admit, wait, answer, conclude. Each admission ends once: it is
 * concluded if there is an answer, which is journalled and charged then, and released if there is none.
 *
 * Overload: beyond `open` requests on this way, and beyond those that may wait, requests are refused with 429 before anything
 * is reserved or as soon as it shows; nothing queues up without a limit.
 */
export class OrderLine {
  readonly #options: OrderLineOptions;
  readonly #queue: FairQueue;
  readonly #closing = new AbortController();
  /** Hashes of quotes, which are the same objects for most requests. */
  readonly #quoteHashes = new WeakMap<PriceQuote, string>();
  #open = 0;

  constructor(options: OrderLineOptions) {
    const { limits, metrics } = options;
    this.#options = options;
    this.#queue = new FairQueue(limits);
    metrics.watch(this.#queue);
  }

  /** Requests on their way. */
  get open(): number {
    return this.#open;
  }

  /**
   * Finds what a request is for and what it may cost, and who pays.
   *
   * @throws GatewayError or OpenGradientError for what is refused; nothing is reserved then.
   */
  async admit(asked: Asked): Promise<Order> {
    const { limits, metrics } = this.#options;
    if (this.#open >= limits.open) throw overloaded();
    this.#open++;
    const start = performance.now();
    try {
      const order = await this.#admit(asked);
      metrics.admitting.observe(secondsSince(start));
      return order;
    } catch (error) {
      this.#open--;
      throw error;
    }
  }

  /** Gives up what is under way. */
  abort(): void {
    this.#closing.abort(
      new GatewayError(503, "stopping", "The node is being stopped. Ask again, or another node."),
    );
  }

  async #admit(asked: Asked): Promise<Order> {
    const { desk, offers, payments } = this.#options;
    const offer = offers.find(asked);
    const input = asked.inputOf(offer);
    const most = await desk.measure(offer, asked.form, input);
    if (asked.signal.aborted) throw clientGone();
    const { headers, url, nonce } = asked;
    const inputHash = keccak256(input);
    const admission = await payments.admit({ headers, url, offer, inputHash, nonce, most });
    try {
      const order = this.#directOrder({ nonce, input, inputHash }, offer, admission);
      return this.#orderOf({ asked, offer, admission, order });
    } catch (error) {
      await this.#release(admission);
      throw error;
    }
  }

  #directOrder(
    { nonce, input, inputHash }: { nonce: string; input: Uint8Array; inputHash: string },
    { modelId, tier }: DirectOffer,
    { payer, quote, maxFee }: Admission,
  ): DirectOrder {
    const request = {
      modelId,
      tier: BigInt(TIERS[tier]),
      payer,
      node: quote.node,
      inputHash,
      quoteHash: this.#hashOf(quote),
      nonce,
    };
    return { request, quote, input, maxFee };
  }

  #hashOf(quote: PriceQuote): string {
    const hash = this.#quoteHashes.get(quote) ?? quoteHash(quote);
    this.#quoteHashes.set(quote, hash);
    return hash;
  }

  #orderOf(admitted: Admitted): Order {
    const { offer, order, admission } = admitted;
    return {
      requestId: directRequestId(this.#options.settlement, order.request),
      offer,
      mayStream: admission.mayStream,
      answer: async (onText) => {
        try {
          return await this.#answer(admitted, onText);
        } finally {
          this.#open--;
        }
      },
    };
  }

  async #answer(
    admitted: Admitted,
    onText: ((piece: string) => void) | undefined,
  ): Promise<ConcludedAnswer> {
    const { asked, offer, admission } = admitted;
    const { metrics } = this.#options;
    const answer = await this.#computed(admitted, onText);
    const { form } = asked;
    metrics.answered.inc({ form, tier: offer.tier, repeated: String(answer.isRepeated) });
    if (!answer.isRepeated) metrics.countFee(answer.record.receipt.fee);
    return { ...answer, headers: await admission.conclude(answer) };
  }

  async #computed(
    admitted: Admitted,
    onText: ((piece: string) => void) | undefined,
  ): Promise<DirectAnswer> {
    const { asked, admission } = admitted;
    const { limits, metrics } = this.#options;
    const start = performance.now();
    using waiting = startDeadline(limits.waitMs, waitedTooLong, this.#ends(asked));
    try {
      return await this.#queue.run(
        admission.payer,
        () => {
          metrics.waiting.observe(secondsSince(start));
          return this.#atDesk(admitted, onText);
        },
        waiting.signal,
      );
    } catch (error) {
      await this.#release(admission);
      throw asked.signal.aborted ? clientGone() : error;
    }
  }

  async #atDesk(
    { asked, offer, order, admission }: Admitted,
    onText: ((piece: string) => void) | undefined,
  ): Promise<DirectAnswer> {
    const { desk, limits, metrics } = this.#options;
    const { form } = asked;
    const end = metrics.answering.startTimer({ form, tier: offer.tier });
    using answering = startDeadline(limits.answerMs, tookTooLong, this.#ends(asked));
    const { signal } = answering;
    try {
      return await desk.answer(offer, order, {
        signal,
        alongside: admission.charge,
        ...(onText !== undefined && { onText }),
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      end();
    }
  }

  /** Its failure is the operator's: what the client gets to know is why there is no answer. */
  async #release(admission: Admission): Promise<void> {
    this.#options.metrics.released.inc();
    try {
      await admission.release();
    } catch (error) {
      this.#options.log.error({ err: error }, "An admission could not be released.");
    }
  }

  #ends({ signal }: Asked): readonly AbortSignal[] {
    return [signal, this.#closing.signal];
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1_000;
}

function overloaded(): GatewayError {
  const headers = { "Retry-After": "1" };
  const message = "The node has as many requests as it takes. Ask again in a moment.";
  return new GatewayError(429, "overloaded", message, { headers });
}

/** Nobody reads it; it is counted. */
function clientGone(): GatewayError {
  return new GatewayError(499, "client_gone", "The client went away.");
}

function waitedTooLong(): GatewayError {
  const headers = { "Retry-After": "5" };
  const message = "It was not the request's turn in time. Ask again in a moment.";
  return new GatewayError(429, "waited_too_long", message, { headers });
}

function tookTooLong(): GatewayError {
  return new GatewayError(504, "answer_too_slow", "The answer took too long. Ask for less.");
}
