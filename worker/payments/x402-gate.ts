import { encodePaymentResponseHeader } from "@x402/core/http";
import { keccak256, solidityPacked, type Provider } from "ethers";
import { quoteHash, type PriceQuote } from "../../sdk/price-quote.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { GatewayError } from "../gateway/failure.ts";
import { NONCE_HEADER } from "../gateway/nonce.ts";
import type { Admission, PayableRequest, PaymentGate } from "../gateway/payment.ts";
import type { DirectAnswer, DirectRecord } from "../receipts/direct-answer.ts";
import type { Queryable } from "../storage/database.ts";
import { Exclusive } from "./exclusive.ts";
import { mostOf, paymentRequired, type PaymentTerms } from "./payment-required.ts";
import { networkOf, type X402Offer } from "./x402-offer.ts";
import { readX402Header, type X402Authorization, type X402Payload } from "./x402-payload.ts";
import { SettlementUnknown, type X402Settler } from "./x402-settler.ts";
import { paymentIdOf, type X402Payment, type X402Store } from "./x402-store.ts";

export interface X402GateOptions {
  readonly chainId: bigint;
  readonly offer: X402Offer;
  readonly store: X402Store;
  readonly settler: X402Settler;
  readonly provider: Pick<Provider, "getBlockNumber">;
  readonly terms: PaymentTerms;
}

/** A request with the payment that was shown for it. */
interface PaidRequest extends X402Payload {
  readonly request: PayableRequest;
  readonly payment: X402Payment;
  readonly quote: PriceQuote;
}

/**
 * Answers requests that x402 pays: the payment is verified, the answer journalled together with the payment, the payment settled, and
 * only then the answer leaves. A payment stands for one request, whose answer whoever shows it again gets again.
 */
export class X402Gate implements PaymentGate {
  readonly #options: X402GateOptions;
  /** For what payments are used that the journal may not have yet, and how often. */
  readonly #inUse = new Map<string, { readonly binding: string; users: number }>();
  /** One at a time decides who pays for an answer. */
  readonly #exclusive = new Exclusive();

  constructor(options: X402GateOptions) {
    this.#options = options;
  }

  async admit(request: PayableRequest): Promise<Admission> {
    const shown = readX402Header(request.headers);
    const paid = await this.#read(request, shown);
    this.#use(paid);
    try {
      await this.#requireGood(paid);
      return this.#admission(paid);
    } catch (error) {
      this.#leave(paid.payment.id);
      throw error;
    }
  }

  async #read(request: PayableRequest, { payload, shown }: X402Payload): Promise<PaidRequest> {
    const { offer, provider } = this.#options;
    const { from: payer, nonce } = shown.authorization;
    const amount = offer.amountOf(mostOf(request));
    const quote = { ...request.offer.quote, base: amount, perInputUnit: 0n, perOutputUnit: 0n };
    const payment = {
      id: paymentIdOf(payer, nonce),
      ...{ payer, nonce, amount },
      binding: bindingOf({ ...request.offer, ...request, quote }),
      evidence: evidenceOf(shown),
      seenAtBlock: await provider.getBlockNumber(),
    };
    return { request, payload, shown, payment, quote };
  }

  /** Marks a payment as used: two requests at the same time cannot both be paid by it. */
  #use({ request, payment: { id, binding } }: PaidRequest): void {
    const used = this.#inUse.get(id) ?? { binding, users: 0 };
    if (used.binding !== binding) throw this.#refuse(request, "payment_used", IN_USE);
    used.users += 1;
    this.#inUse.set(id, used);
  }

  #leave(id: string): void {
    const used = this.#inUse.get(id);
    if (used === undefined) return;
    used.users -= 1;
    if (used.users === 0) this.#inUse.delete(id);
  }

  async #requireGood({ request, payment, payload, shown }: PaidRequest): Promise<void> {
    const { store, offer, settler } = this.#options;
    const known = await store.get(payment.id);
    if (known !== undefined) {
      // Its signature was checked then, and is the same now.
      if (known.evidence !== payment.evidence || known.binding !== payment.binding)
        throw this.#refuse(request, "payment_used", IN_USE);
      if (known.state === "failed") throw this.#refuse(request, "payment_failed", FAILED);
      return;
    }
    const requirements = offer.requirements(mostOf(request));
    if (shown.authorization.value !== requirements.amount)
      throw this.#refuse(request, "payment_invalid", `It costs ${requirements.amount} wei of OPG.`);
    const { isValid, invalidReason = "" } = await this.#known(
      settler.verify(payload, requirements),
    );
    if (!isValid)
      throw this.#refuse(request, "payment_invalid", `The payment is not good: ${invalidReason}.`);
  }

  #admission(paid: PaidRequest): Admission {
    const { payment, quote } = paid;
    const leave = () => {
      this.#leave(payment.id);
    };
    return {
      payer: payment.payer,
      quote,
      maxFee: payment.amount,
      // Whoever has the text needs nothing more: first the money.
      mayStream: false,
      charge: (within, record) => this.#charge(paid, within, record),
      conclude: (answer) => this.#conclude(paid, answer).finally(leave),
      release: () => {
        leave();
        return Promise.resolve();
      },
    };
  }

  async #charge(
    { request, payment }: PaidRequest,
    within: Queryable,
    { receipt }: DirectRecord,
  ): Promise<void> {
    if (receipt.fee !== payment.amount)
      throw new Error(`An answer costs ${receipt.fee} wei, and ${payment.amount} were paid.`);
    if (!(await this.#options.store.add(payment, receipt.requestId, { within })))
      throw this.#refuse(request, "payment_used", IN_USE);
  }

  #conclude(paid: PaidRequest, { record }: DirectAnswer): Promise<Record<string, string>> {
    const { requestId } = record.receipt;
    return this.#exclusive.run(requestId, async () => {
      const former = await this.#formerPayment(requestId, paid);
      return this.#responseHeaders(paid, former ?? (await this.#settle(paid, record)));
    });
  }

  /**
   * Has something else pay for an answer that was journalled with a payment of x402's which came to nothing. `charge` is called within
   * the database transaction that notes it.
   *
   * @returns whether it was called: otherwise the answer is paid.
   */
  payOtherwise(requestId: string, charge: (within: Queryable) => Promise<void>): Promise<boolean> {
    return this.#exclusive.run(requestId, async () => {
      if ((await this.#formerPayment(requestId)) !== undefined) return false;
      const [failed] = await this.#options.store.of(requestId);
      if (failed === undefined) return false;
      await this.#options.store.replaceFailed(failed, charge);
      return true;
    });
  }

  /**
   * What paid for an answer before: a transaction's hash, or "" for what was none of x402's; undefined if nothing did. A payment that a
   * killed process left behind is looked up; if nothing was ever sent for it, it is given up, unless it is shown again now.
   */
  async #formerPayment(requestId: string, shown?: PaidRequest): Promise<string | undefined> {
    const { store, settler } = this.#options;
    const former = await store.of(requestId);
    if (former.length === 0) return "";
    const standing = former.find(({ state }) => state !== "failed");
    if (standing?.state === "settled") return standing.transactionHash ?? "";
    if (standing === undefined || standing.id === shown?.payment.id) return undefined;
    const hash = await this.#known(settler.lookUp(standing));
    if (hash === undefined) await store.fail(standing.id);
    return hash;
  }

  async #settle(paid: PaidRequest, { receipt, request: asked }: DirectRecord): Promise<string> {
    const { store, settler, offer } = this.#options;
    const { payment, payload, request } = paid;
    const journalled = await store.get(payment.id);
    if (journalled === undefined && !(await store.add(payment, receipt.requestId)))
      throw this.#refuse(request, "payment_used", IN_USE);
    const requirements = offer.requirements(payment.amount);
    const settled = await this.#known(settler.settle({ payment, payload, requirements }));
    if (settled.hash !== undefined) return settled.hash;
    throw this.#refuse(
      request,
      "payment_failed",
      `The payment failed: ${settled.reason}. The answer waits for another one, ` +
        `with the header ${NONCE_HEADER}: ${asked.nonce}.`,
    );
  }

  #responseHeaders({ payment, quote }: PaidRequest, transaction: string): Record<string, string> {
    if (transaction === "") return {};
    const response = encodePaymentResponseHeader({
      success: true,
      transaction,
      network: networkOf(this.#options.chainId),
      payer: payment.payer,
      amount: String(quote.base),
    });
    return { "PAYMENT-RESPONSE": response };
  }

  /** What the chain does not say now it may say in a moment; nothing is lost until then. */
  async #known<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (cause) {
      if (!(cause instanceof SettlementUnknown)) throw cause;
      const message = `${cause.message} Show the same payment again in a moment.`;
      const headers = { "Retry-After": "2" };
      throw new GatewayError(503, "payment_unknown", message, { cause, headers });
    }
  }

  #refuse(request: PayableRequest, code: string, message: string): GatewayError {
    return paymentRequired(this.#options.terms, request, { code, message });
  }
}

const IN_USE = "This payment stands for another request. Sign another.";
const FAILED = "This payment failed. Sign another.";

/** What is asked, but by whom: with the payer, that is the request. */
function bindingOf({
  modelId,
  tier,
  inputHash,
  quote,
  nonce,
}: {
  readonly modelId: string;
  readonly tier: keyof typeof TIERS;
  readonly inputHash: string;
  readonly quote: PriceQuote;
  readonly nonce: string;
}): string {
  return keccak256(
    solidityPacked(
      ["bytes32", "uint8", "bytes32", "bytes32", "string"],
      [modelId, TIERS[tier], inputHash, quoteHash(quote), nonce],
    ),
  );
}

function evidenceOf({ authorization, signature }: X402Authorization): string {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  return [from, to, value, validAfter, validBefore, nonce, signature].join(" ");
}
