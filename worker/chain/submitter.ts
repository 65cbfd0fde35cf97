import { setTimeout } from "node:timers/promises";
import { dataLength, isError, Transaction, type Provider, type Wallet } from "ethers";
import pLimit from "p-limit";
import type { Logger } from "pino";
import type { WorkerEvents } from "../events.ts";
import { currentFees, raisedFees, type Fees } from "./fees.ts";
import type { TransactionJournal } from "./transaction-journal.ts";
import type {
  IntentKey,
  SignedTransaction,
  TransactionIntent,
  TransactionOutcome,
} from "./transaction.ts";

/** EIP-7825: gas that one transaction may ask for. */
const TRANSACTION_GAS_CAP = 16_777_216n;

/** What nodes take as a transaction, in bytes: `txMaxSize` of geth, and of what is made from it. */
const MAX_TRANSACTION_BYTES = 131_072;

/** No node would take such a transaction: with its nonce in the journal, all that follow would wait for it for ever. */
export class TransactionTooLarge extends Error {}

/** The state may have changed a little until a transaction is mined. */
const GAS_MARGIN_PERCENT = 15n;

/** What a transaction does. */
interface Call {
  readonly to: string;
  readonly data: string;
  readonly value: bigint;
  readonly gasLimit: bigint;
}

/** A call that does nothing, of an account to itself. */
const NOTHING = { data: "0x", value: 0n, gasLimit: 21_000n } as const;

export interface SubmitterOptions {
  /** The one account whose nonces this submitter owns. Nobody else may send from it. */
  readonly wallet: Wallet;
  readonly provider: Provider;
  readonly chainId: bigint;
  readonly journal: TransactionJournal;
  readonly events: WorkerEvents;
  readonly log: Logger;
  /** Blocks that have to include and follow a transaction, itself counted. */
  readonly confirmations: number;
  /** How often to look, in milliseconds. */
  readonly pollingIntervalMs: number;
  /** After how many milliseconds a transaction is sent again at a higher fee. */
  readonly bumpAfterMs: number;
  /** Most that is paid, in wei per gas. */
  readonly maxFeePerGas: bigint;
  readonly signal: AbortSignal;
}

/**
 * Sends transactions, each intent once.
 *
 * A transaction is signed, journalled, and only then sent. After a crash the journal holds the very bytes that may have
 * been sent: sending them again cannot have a second effect, because their nonce can be used once.
 */
export class Submitter {
  readonly #options: SubmitterOptions;
  /** One at a time from choosing a nonce to journalling it. */
  readonly #nonceOwner = pLimit(1);

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /**
   * Signs a transaction for an intent and hands it to `journal`, which stores it together with what depends on it. Sends
   * nothing.
   *
   * @throws the provider's call exception if the contract would refuse the call, or `TransactionTooLarge`.
   */
  sign(
    intent: TransactionIntent,
    journal: (transaction: SignedTransaction) => Promise<void>,
  ): Promise<void> {
    return this.#nonceOwner(async () => {
      const { provider, wallet, maxFeePerGas } = this.#options;
      const { to, data, value = 0n } = intent;
      const estimate = await provider.estimateGas({ from: wallet.address, to, data, value });
      const signed = await this.#signWith(intent, {
        nonce: await this.#nextNonce(),
        gasLimit: withMargin(estimate),
        ...(await currentFees(provider, maxFeePerGas)),
      });
      requireSendable(signed, estimate);
      await journal(signed);
      this.#tell(signed, "signed");
    });
  }

  /** Sends what is journalled for an intent until one transaction is in the chain, or none can be any more. */
  async confirm(intent: IntentKey): Promise<TransactionOutcome | undefined> {
    const { journal, signal, pollingIntervalMs } = this.#options;
    let sentAt: number | undefined;
    for (;;) {
      const pending = await journal.pending(intent);
      const latest = pending.at(-1);
      if (latest === undefined) return undefined;

      const outcome = await this.#outcomeOf(pending);
      if (outcome === undefined) {
        sentAt = await this.#push(latest, sentAt);
      } else if (outcome !== "unconfirmed") {
        await journal.settle(latest.nonce, outcome);
        this.#tell(latest, outcome);
        return outcome;
      }
      await setTimeout(pollingIntervalMs, undefined, { signal });
    }
  }

  /**
   * Gives an intent up that has no point any more. Its nonce has to be used all the same, or nothing that follows could be
   * mined: a transaction that does nothing takes its place, unless the intent's own is faster.
   */
  async abandon(intent: IntentKey): Promise<TransactionOutcome | undefined> {
    const { journal, wallet } = this.#options;
    const pending = await journal.pending(intent);
    const latest = pending.at(-1);
    const isOpen = latest !== undefined && (await this.#outcomeOf(pending)) === undefined;
    if (isOpen && !this.#doesNothing(latest.raw))
      await this.#replace(latest, { ...NOTHING, to: wallet.address });
    return this.confirm(intent);
  }

  /** Sends what was not sent yet, and replaces what has waited too long. Returns when it was sent last. */
  async #push(latest: SignedTransaction, sentAt: number | undefined): Promise<number> {
    if (sentAt === undefined) {
      await this.#send(latest);
    } else if (Date.now() - sentAt < this.#options.bumpAfterMs) {
      return sentAt;
    } else {
      await this.#send(await this.#replace(latest));
    }
    return Date.now();
  }

  async #outcomeOf(
    pending: readonly SignedTransaction[],
  ): Promise<TransactionOutcome | "unconfirmed" | undefined> {
    const { provider, wallet, confirmations } = this.#options;
    const used = await provider.getTransactionCount(wallet.address);
    for (const { hash, raw } of pending) {
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt === null) continue;
      const depth = (await provider.getBlockNumber()) - receipt.blockNumber + 1;
      if (depth < confirmations) return "unconfirmed";
      if (receipt.status !== 1) return "reverted";
      return this.#doesNothing(raw) ? "abandoned" : "mined";
    }
    // Asked before the receipts: if the nonce was used then, one of them would have shown it.
    return pending.every(({ nonce }) => nonce < used) ? "lost" : undefined;
  }

  /** Whether a transaction only uses its nonce. */
  #doesNothing(raw: string): boolean {
    return Transaction.from(raw).to === this.#options.wallet.address;
  }

  async #nextNonce(): Promise<number> {
    const { provider, wallet, journal } = this.#options;
    const onChain = await provider.getTransactionCount(wallet.address);
    const pending = await journal.highestPendingNonce();
    return pending === undefined ? onChain : Math.max(onChain, pending + 1);
  }

  /** Signs a transaction in another's place, at a higher fee; by default one that does the same. */
  async #replace(
    stuck: SignedTransaction,
    call: Call = callOf(Transaction.from(stuck.raw)),
  ): Promise<SignedTransaction> {
    const { provider, maxFeePerGas, journal, log } = this.#options;
    const offered = feesOf(Transaction.from(stuck.raw));
    const fees = raisedFees(offered, await currentFees(provider, maxFeePerGas), maxFeePerGas);
    if (fees === undefined) {
      log.warn({ code: "TRANSACTION_STUCK", hash: stuck.hash, ...printable(offered) }, STUCK);
      return stuck;
    }
    const { subject, purpose, nonce } = stuck;
    const { gasLimit, ...effect } = call;
    const intent = { subject, purpose, ...effect };
    const replacement = await this.#signWith(intent, { nonce, gasLimit, ...fees });
    await journal.record(replacement);
    this.#tell(replacement, "signed");
    return replacement;
  }

  async #signWith(
    { subject, purpose, to, data, value = 0n }: TransactionIntent,
    terms: { nonce: number; gasLimit: bigint } & Fees,
  ): Promise<SignedTransaction> {
    const { wallet, chainId } = this.#options;
    const raw = await wallet.signTransaction({ type: 2, chainId, to, data, value, ...terms });
    const hash = Transaction.from(raw).hash ?? "";
    return { subject, purpose, hash, raw, nonce: terms.nonce };
  }

  /** Nodes refuse what they know or have mined already; the next look at the chain shows which it was. */
  async #send(transaction: SignedTransaction): Promise<void> {
    const { provider, log } = this.#options;
    try {
      await provider.broadcastTransaction(transaction.raw);
    } catch (error) {
      if (isUnreachable(error)) throw error;
      log.debug({ hash: transaction.hash, error: String(error) }, "the node did not take it");
      if (isError(error, "INSUFFICIENT_FUNDS")) {
        log.error({ code: "ACCOUNT_UNFUNDED" }, "The account cannot pay for gas. Send it ETH.");
      }
    }
    this.#tell(transaction, "sent");
  }

  #tell(
    { subject, purpose, hash }: SignedTransaction,
    phase: "signed" | "sent" | TransactionOutcome,
  ): void {
    this.#options.events.emit("transaction", { subject, purpose, hash, phase });
  }
}

function requireSendable({ raw, purpose }: SignedTransaction, gas: bigint): void {
  const size = dataLength(raw);
  if (size > MAX_TRANSACTION_BYTES)
    throw new TransactionTooLarge(
      `${purpose} would be a transaction of ${size} bytes; nodes take ${MAX_TRANSACTION_BYTES}`,
    );
  if (gas > TRANSACTION_GAS_CAP)
    throw new TransactionTooLarge(`${purpose} would take ${gas} gas of ${TRANSACTION_GAS_CAP}`);
}

const STUCK = "A transaction is not mined and the fee limit is reached. Raise maxFeePerGasGwei.";

function callOf({ to, data, value, gasLimit }: Transaction): Call {
  return { to: to ?? "", data, value, gasLimit };
}

function withMargin(gas: bigint): bigint {
  const raised = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n;
  return raised < TRANSACTION_GAS_CAP ? raised : TRANSACTION_GAS_CAP;
}

function feesOf({ maxFeePerGas, maxPriorityFeePerGas }: Transaction): Fees {
  return {
    maxFeePerGas: maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n,
  };
}

function printable({ maxFeePerGas }: Fees) {
  return { maxFeePerGas: maxFeePerGas.toString() };
}

function isUnreachable(error: unknown): boolean {
  return (
    isError(error, "NETWORK_ERROR") || isError(error, "TIMEOUT") || isError(error, "SERVER_ERROR")
  );
}
