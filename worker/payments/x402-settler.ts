import { x402Facilitator } from "@x402/core/facilitator";
import type {
  PaymentPayload,
  PaymentRequirements,
  SettleResponse,
  VerifyResponse,
} from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { zeroPadValue, type Log, type Provider } from "ethers";
import type { Logger } from "pino";
import { OPG__factory, type OPG } from "../../typechain-types/index.js";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import { FacilitatorEvmSigner } from "./facilitator-signer.ts";
import { networkOf } from "./x402-offer.ts";
import type { X402Payment, X402Store } from "./x402-store.ts";

export interface X402SettlerOptions {
  readonly chainId: bigint;
  /** Account that sends the node's transactions. */
  readonly account: string;
  /** Who is paid. */
  readonly payTo: string;
  readonly provider: Provider;
  readonly opg: Pick<OPG, "authorizationState" | "getAddress">;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  readonly transactions: TransactionJournal;
  readonly store: X402Store;
  readonly confirmations: number;
  readonly log: Logger;
}

const UNANSWERED = "The chain does not say how the payment stands.";

const TOKEN = OPG__factory.createInterface();
const AUTHORIZATION_USED = TOKEN.getEvent("AuthorizationUsed").topicHash;
const TRANSFER = TOKEN.getEvent("Transfer").topicHash;

/** The chain did not say whether a payment is good, or how it ended: nobody knows until it is looked up. */
export class SettlementUnknown extends Error {}

/** A payment with what x402's facilitator wants to see of it. */
export interface ShownPayment {
  readonly payment: X402Payment;
  readonly payload: PaymentPayload;
  readonly requirements: PaymentRequirements;
}

/**
 * The node as its own x402 facilitator. A payment is settled once: what was signed for it is followed to its end before anything else
 * is signed, and an authorisation that somebody else brought to the token has paid all the same.
 */
export class X402Settler {
  readonly #options: X402SettlerOptions;
  readonly #signer: FacilitatorEvmSigner;
  readonly #facilitator: x402Facilitator;

  constructor(options: X402SettlerOptions) {
    this.#options = options;
    this.#signer = new FacilitatorEvmSigner(options);
    this.#facilitator = new x402Facilitator().register(
      networkOf(options.chainId),
      new ExactEvmScheme(this.#signer),
    );
  }

  /** Whether a payment would be good now, by x402's own rules and the token's. */
  async verify(
    payload: PaymentPayload,
    requirements: PaymentRequirements,
  ): Promise<VerifyResponse> {
    const { failures } = this.#signer;
    const response = await this.#facilitator.verify(payload, requirements);
    if (!response.isValid) this.#requireKnown(failures);
    return response;
  }

  #requireKnown(failuresBefore: number): void {
    if (this.#signer.failures !== failuresBefore) throw new SettlementUnknown(UNANSWERED);
  }

  /**
   * Collects a payment that the journal has.
   *
   * @returns the transaction's hash, or why there never will be one.
   * @throws SettlementUnknown if nobody knows yet. It is looked up the next time.
   */
  async settle({ payment, payload, requirements }: ShownPayment): Promise<Settlement> {
    const former = await this.lookUp(payment);
    if (former !== undefined) return { hash: former };
    const { failures } = this.#signer;
    const response = await this.#facilitator.settle(payload, requirements);
    if (!response.success) this.#requireKnown(failures);
    // Somebody may have been faster with the same authorisation.
    const hash = await this.lookUp(payment);
    if (hash !== undefined) return { hash };
    return this.#fail(payment, response);
  }

  async #fail(payment: X402Payment, response: SettleResponse): Promise<Settlement> {
    const { store, log } = this.#options;
    const { errorReason = "unknown", errorMessage } = response;
    log.warn({ payment: payment.id, errorReason, errorMessage }, "An x402 payment failed.");
    await store.fail(payment.id);
    return { hash: undefined, reason: errorReason };
  }

  /** The transaction that settled a payment, after what was signed for it has come to an end; undefined if none did. */
  async lookUp(payment: X402Payment): Promise<string | undefined> {
    const { submitter, store } = this.#options;
    await submitter.confirm({ subject: payment.id, purpose: "settle" });
    const hash = (await this.#signer.minedHash(payment.id)) ?? (await this.#foundOnChain(payment));
    if (hash !== undefined) await store.settle(payment.id, hash);
    return hash;
  }

  /** Goes on with what a process before this one has signed. */
  async resume(): Promise<void> {
    const { transactions, store } = this.#options;
    for (const id of await transactions.pendingSubjects("settle")) {
      const payment = await store.get(id);
      if (payment !== undefined && (await this.lookUp(payment)) === undefined) await store.fail(id);
    }
  }

  /**
   * The transaction of somebody else that brought the authorisation to the token. The token tells of the use of an authorisation and,
   * right after it, of the transfer that this made: any other transfer in the same transaction is another's.
   */
  async #foundOnChain({ payer, nonce, amount, seenAtBlock }: X402Payment) {
    const { opg, provider, payTo, confirmations } = this.#options;
    if (!(await opg.authorizationState(payer, nonce))) return undefined;
    const [use] = await provider.getLogs({
      address: await opg.getAddress(),
      topics: [AUTHORIZATION_USED, zeroPadValue(payer, 32), nonce],
      fromBlock: seenAtBlock,
      toBlock: "latest",
    });
    if (use === undefined) return undefined;
    const receipt = await provider.getTransactionReceipt(use.transactionHash);
    const next = receipt?.logs.find(({ index }) => index === use.index + 1);
    if (next?.address !== use.address) return undefined;
    if (!isTransfer(next, { from: payer, to: payTo, value: amount })) return undefined;
    const depth = (await provider.getBlockNumber()) - use.blockNumber + 1;
    if (depth < confirmations) throw new SettlementUnknown("The payment is not confirmed yet.");
    return use.transactionHash;
  }
}

/** How a settlement ended. */
export type Settlement =
  { readonly hash: string } | { readonly hash: undefined; readonly reason: string };

function isTransfer(
  { topics, data }: Log,
  { from, to, value }: { readonly from: string; readonly to: string; readonly value: bigint },
): boolean {
  if (topics[0] !== TRANSFER) return false;
  const moved = TOKEN.decodeEventLog("Transfer", data, topics);
  return moved.from === from && moved.to === to && moved.value === value;
}
