import type { Provider } from "ethers";
import type { Logger } from "pino";
import { describeRevert, isRevert } from "../../sdk/reverts.ts";
import { TransactionTooLarge, type Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { IntentKey, TransactionOutcome } from "../chain/transaction.ts";
import { BudgetExceeded, type Action, type ActionStore } from "./action-store.ts";
import type { ActionKind, ActionState } from "./action-states.ts";

export interface ActionRunnerOptions {
  readonly actions: ActionStore;
  readonly submitter: Submitter;
  readonly transactions: TransactionJournal;
  readonly provider: Provider;
  /** Address of `ReceiptLedger`. */
  readonly ledger: string;
  readonly log: Logger;
}

/** A call that the contract accepts when asked and refuses when mined, again and again, is not worth more gas. */
const MAX_ATTEMPTS = 3;

/** Of these the chain waits for an answer. */
const OPENING: readonly ActionKind[] = ["attestBatch", "demand", "demandProof"];

/** It was done before: by this verifier, whose journal does not know it for sure, or by another one that was faster. */
const DONE_BEFORE = ["ReceiptLedgerAttestedBefore", "ReceiptDemandsMadeBefore"];

/** Nothing is left to be done: somebody else was faster, or the time is over. */
const MOOT = [
  "ReceiptChallengesConvictedBefore",
  "ReceiptDemandsNotOpen",
  "ReceiptLedgerNoWeight",
  "ReceiptLedgerNotAttested",
  "ReceiptLedgerTooLate",
  "ReceiptLedgerUnknown",
  "ReceiptLedgerWrongStatus",
];

/** What the contract says of a call that is wrong in itself: asking again would not help. */
const WRONG = [
  "ReceiptChallengesNoContradiction",
  "ReceiptChallengesNotSigned",
  "ReceiptChallengesOtherData",
  "ReceiptChallengesReceiptHolds",
  "ReceiptChallengesWrongTier",
  "ReceiptDemandsNotProvable",
  "ReceiptLedgerNotInBatch",
  "ReceiptLedgerOwnBatch",
];

/** Makes the calls, each once, as far as the budget goes. */
export class ActionRunner {
  readonly #options: ActionRunnerOptions;

  constructor(options: ActionRunnerOptions) {
    this.#options = options;
  }

  /**
   * Takes an action a step further, until its transaction is in the chain. Returns whether there was anything that could be
   * done: what the contract, or the budget, does not allow now may be tried again later.
   */
  async run(action: Action): Promise<boolean> {
    if (action.state === "Wanted") return this.#send(action);
    if (action.state === "Sending") await this.#confirm(action);
    return true;
  }

  async #send(action: Action): Promise<boolean> {
    const { actions, submitter, transactions, ledger, log } = this.#options;
    const { batchId, kind, leaf } = action;
    const intent = intentOf(action);
    if ((await transactions.attempts(intent)) >= MAX_ATTEMPTS) {
      await actions.advance(action, "Refused", `refused ${MAX_ATTEMPTS} times when mined`);
      return true;
    }
    try {
      await submitter.sign({ ...intent, to: ledger, data: action.data }, (transaction) =>
        actions.send(action, transaction),
      );
      return true;
    } catch (error) {
      if (error instanceof BudgetExceeded) {
        log.warn({ batchId, kind, leaf, reason: error.message }, "The budget is used up.");
        return false;
      }
      return this.#refuse(action, error);
    }
  }

  async #refuse(action: Action, error: unknown): Promise<boolean> {
    const { actions, log } = this.#options;
    const { batchId, kind, leaf } = action;
    const reason = error instanceof TransactionTooLarge ? error.message : describeRevert(error);
    if (reason === undefined) throw error;
    const isOneOf = (names: readonly string[]) => names.some((name) => isRevert(error, name));
    if (isOneOf(DONE_BEFORE)) {
      // The state that follows shows whose it is.
      await actions.advance(action, "Open", action.reason);
      return true;
    }
    if (isOneOf(MOOT)) {
      await actions.advance(action, "Moot", reason);
      return true;
    }
    if (error instanceof TransactionTooLarge || isOneOf(WRONG)) {
      log.error({ batchId, kind, leaf, reason }, "The contract takes a call for wrong.");
      await actions.advance(action, "Refused", reason);
      return true;
    }
    log.info({ batchId, kind, leaf, reason }, "The contract does not take a call now.");
    return false;
  }

  async #confirm(action: Action): Promise<void> {
    const { actions, submitter, transactions } = this.#options;
    const intent = intentOf(action);
    const pending = await transactions.pending(intent);
    // Without any pending, its outcome was noted, and then this verifier was killed.
    const outcome = (await submitter.confirm(intent)) ?? (await transactions.lastOutcome(intent));
    const cost = await this.#costOf(pending.map(({ hash }) => hash));
    for (const nonce of new Set(pending.map((it) => it.nonce)))
      await actions.settleCost(nonce, cost);
    await actions.advance(action, nextState(action, outcome));
  }

  /** What gas did cost: of all that stand for one nonce, one was mined. */
  async #costOf(hashes: readonly string[]): Promise<bigint> {
    for (const hash of hashes) {
      const receipt = await this.#options.provider.getTransactionReceipt(hash);
      if (receipt !== null) return receipt.fee;
    }
    return 0n;
  }
}

function nextState({ kind }: Action, outcome: TransactionOutcome | undefined): ActionState {
  if (outcome !== "mined") return "Wanted";
  return OPENING.includes(kind) ? "Open" : "Done";
}

function intentOf({ batchId, kind, leaf }: Action): IntentKey {
  return { subject: `${batchId}/${leaf}`, purpose: kind };
}
