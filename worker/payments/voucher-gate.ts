import { channelId, type ChannelTerms } from "../../sdk/channel.ts";
import {
  decodeVoucherHeader,
  VOUCHER_HEADER,
  type VoucherHeader,
} from "../../sdk/payments/voucher-header.ts";
import { GatewayError } from "../gateway/failure.ts";
import type { Admission, PayableRequest, PaymentGate } from "../gateway/payment.ts";
import type { DirectAnswer } from "../receipts/direct-answer.ts";
import type { Queryable } from "../storage/database.ts";
import type { Channel, ChannelObjection, Reservation, SignedVoucher } from "./channel.ts";
import type { ChannelBook } from "./channel-book.ts";
import { FundingRefused, type Funder } from "./funder.ts";
import { mostOf, paymentRequired, type PaymentTerms, type Refusal } from "./payment-required.ts";
import type { VoucherChecker } from "./voucher-checker.ts";
import type { X402Gate } from "./x402-gate.ts";

export interface VoucherGateOptions {
  readonly node: string;
  readonly book: ChannelBook;
  readonly checker: VoucherChecker;
  readonly funder: Funder;
  readonly terms: PaymentTerms;
  /** Where the node takes x402 too. */
  readonly x402: Pick<X402Gate, "payOtherwise"> | undefined;
}

const OBJECTIONS: Readonly<Record<ChannelObjection, string>> = {
  channel_unknown: "There is no such channel to this node, or it is not confirmed yet.",
  channel_closing: "The channel is closing. Open another, with another salt.",
  channel_closed: "The channel is closed. Open another, with another salt.",
  deposit_too_low: "The channel has not enough left for this request. Fund it.",
  voucher_too_low: "The voucher does not cover this request. Sign a higher one.",
};

/** Objections that what the chain says now may take away. */
const MAY_PASS: ReadonlySet<ChannelObjection> = new Set(["channel_unknown", "deposit_too_low"]);

/** Answers requests that channels pay. */
export class VoucherGate implements PaymentGate {
  readonly #options: VoucherGateOptions;

  constructor(options: VoucherGateOptions) {
    this.#options = options;
  }

  async admit(request: PayableRequest): Promise<Admission> {
    const { node, book } = this.#options;
    const header = headerOf(request);
    const { payer, salt } = header;
    const maxFee = mostOf(request);
    const terms = { payer, node, salt };
    // Before anything is read for whoever asks.
    const voucher = await this.#checked(request, terms, header);
    const channel = await book.enter(terms);
    try {
      book.take(channel, voucher);
      const reservation = await this.#reserve(request, channel, { header, maxFee });
      return this.#admission(request, reservation);
    } catch (error) {
      book.leave(channel);
      throw error;
    }
  }

  /** The voucher, if the payer signed it. */
  async #checked(
    request: PayableRequest,
    terms: ChannelTerms,
    { cumulative, signature }: VoucherHeader,
  ): Promise<SignedVoucher> {
    const { book, checker } = this.#options;
    const best = book.bestOf(terms);
    // The same that was shown with another request.
    if (best?.cumulative === cumulative && best.signature === signature) return best;
    const voucher = { channelId: channelId(terms), cumulative };
    const signedBy = await checker.signerOf(terms.payer, voucher, signature);
    if (signedBy !== undefined) return { cumulative, signature, signedBy };
    // Says nothing about the channel: whoever asks is not its payer.
    throw this.#refuse(request, {
      code: "voucher_invalid",
      message: "The voucher is not signed by the payer, for this node, chain and escrow.",
    });
  }

  /** Sets the money aside, with what the chain says now and what the payer sent along, if that is needed. */
  async #reserve(
    request: PayableRequest,
    channel: Channel,
    { header, maxFee }: { readonly header: VoucherHeader; readonly maxFee: bigint },
  ): Promise<Reservation> {
    const { book, funder } = this.#options;
    let outcome = book.reserve(channel, maxFee);
    if (typeof outcome === "string" && MAY_PASS.has(outcome)) {
      await book.refreshIfOld(channel);
      outcome = book.reserve(channel, maxFee);
    }
    if (typeof outcome === "string" && MAY_PASS.has(outcome) && header.funding !== undefined) {
      await funder.fund(channel, header.funding).catch((error: unknown) => {
        if (!(error instanceof FundingRefused)) throw error;
        throw this.#refuse(request, { code: "funding_refused", message: error.message, channel });
      });
      outcome = book.reserve(channel, maxFee);
    }
    if (typeof outcome !== "string") return outcome;
    throw this.#refuse(request, { code: outcome, message: OBJECTIONS[outcome], channel });
  }

  #admission({ offer }: PayableRequest, reservation: Reservation): Admission {
    const { book } = this.#options;
    const { channel, maxFee } = reservation;
    const leave = () => {
      book.leave(channel);
    };
    return {
      payer: channel.terms.payer,
      quote: offer.quote,
      maxFee,
      // The money is there, and what a voucher does not cover is within the credit.
      mayStream: true,
      charge: reservation,
      conclude: (answer) => this.#conclude(reservation, answer).finally(leave),
      release: () => book.giveBack(reservation).finally(leave),
    };
  }

  async #conclude(
    reservation: Reservation,
    { record: { receipt }, isRepeated }: DirectAnswer,
  ): Promise<Record<string, string>> {
    const { book, x402 } = this.#options;
    const charge = (within: Queryable) => book.charge(within, reservation, receipt.fee);
    let isCharged = !isRepeated;
    if (isRepeated && x402 !== undefined) {
      // An answer that was given before is paid, unless it was to be paid by x402 and that came to nothing.
      try {
        isCharged = await x402.payOtherwise(receipt.requestId, charge);
      } catch (error) {
        await book.giveBack(reservation);
        throw error;
      }
    }
    await (isCharged ? book.settle(reservation, receipt.fee) : book.giveBack(reservation));
    return {};
  }

  #refuse(request: PayableRequest, refusal: Refusal): GatewayError {
    return paymentRequired(this.#options.terms, request, refusal);
  }
}

/** @throws GatewayError 400. */
function headerOf({ headers }: PayableRequest): VoucherHeader {
  try {
    return decodeVoucherHeader(headers.get(VOUCHER_HEADER) ?? "");
  } catch (cause) {
    throw new GatewayError(400, "voucher_malformed", `${VOUCHER_HEADER} cannot be read.`, {
      parameter: VOUCHER_HEADER,
      cause,
    });
  }
}
