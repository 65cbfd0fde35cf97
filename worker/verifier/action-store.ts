import type { PGlite } from "@electric-sql/pglite";
import { Transaction } from "ethers";
import { z } from "zod";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { SignedTransaction } from "../chain/transaction.ts";
import type { WorkerEvents } from "../events.ts";
import type { Queryable } from "../storage/database.ts";
import {
  ACTION_KINDS,
  ACTION_STATES,
  ACTION_TRANSITIONS,
  STAKED_STATES,
  type ActionKind,
  type ActionState,
} from "./action-states.ts";

/** A call that is to be made, once. */
export interface WantedAction {
  readonly batchId: string;
  readonly kind: ActionKind;
  /** Index of the receipt that it is about; -1 for the whole batch. */
  readonly leaf: number;
  /** What is called at `ReceiptLedger`. */
  readonly data: string;
  /** What it puts at risk until it is answered, in OPG wei. */
  readonly atStake: bigint;
  readonly reason: string | undefined;
}

export interface Action extends WantedAction {
  readonly state: ActionState;
}

/** What may be spent. */
interface Budget {
  /** Most bonds of demands that are not answered, in OPG wei. */
  readonly bonds: bigint;
  /** Most stake behind batches that are not final, in OPG wei. */
  readonly attested: bigint;
  /** Most gas in 24 hours, in wei. */
  readonly gasPerDay: bigint;
  /** Most that is ever paid for gas, in wei each. */
  readonly maxFeePerGas: bigint;
}

/** It would cost more than may be spent now. */
export class BudgetExceeded extends Error {}

const rowSchema = z.object({
  batch_id: z.string(),
  kind: z.enum(ACTION_KINDS),
  leaf: z.number(),
  state: z.enum(ACTION_STATES),
  data: z.string(),
  reason: z.string().nullable(),
  at_stake: z.coerce.bigint(),
});

const sumSchema = z.object({ sum: z.coerce.bigint() });

export interface ActionStoreOptions {
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly events: WorkerEvents;
  readonly budget: Budget;
}

/** All that this verifier does on chain. What it may spend is looked at in the transaction that notes what it spends. */
export class ActionStore {
  readonly #options: ActionStoreOptions;

  constructor(options: ActionStoreOptions) {
    this.#options = options;
  }

  /** Notes calls that are to be made; one that is noted already stays as it is. */
  async want(
    actions: readonly WantedAction[],
    within: Queryable = this.#options.database,
  ): Promise<void> {
    for (const { batchId, kind, leaf, data, atStake, reason } of actions)
      await within.query(
        `INSERT INTO verifier_actions (batch_id, kind, leaf, state, data, reason, at_stake)
         VALUES ($1, $2, $3, 'Wanted', $4, $5, $6) ON CONFLICT DO NOTHING`,
        [batchId, kind, leaf, data, reason ?? null, atStake.toString()],
      );
  }

  /** What was ever to be done about a batch; what takes the least calldata first. */
  async of(batchId: string): Promise<readonly Action[]> {
    const { rows } = await this.#options.database.query(
      "SELECT * FROM verifier_actions WHERE batch_id = $1 ORDER BY length(data), leaf, kind",
      [batchId],
    );
    return rows.map(actionOf);
  }

  /**
   * Notes a signed transaction that carries an action out.
   *
   * @throws BudgetExceeded if it would cost too much; nothing is noted then, and nothing may be sent.
   */
  async send(action: Action, transaction: SignedTransaction): Promise<void> {
    const { database, transactions, budget } = this.#options;
    const { gasLimit } = Transaction.from(transaction.raw);
    const cost = gasLimit * budget.maxFeePerGas;
    await database.transaction(async (within) => {
      await this.#requireBudget(action, cost, within);
      await this.#move(action, "Sending", action.reason, within);
      await transactions.record(transaction, within);
      await within.query("INSERT INTO verifier_spending (nonce, cost) VALUES ($1, $2)", [
        transaction.nonce,
        cost.toString(),
      ]);
    });
    this.#tell(action, "Sending", action.reason);
  }

  /** Brings an action into its next state. */
  async advance(action: Action, to: ActionState, reason = action.reason): Promise<void> {
    await this.#move(action, to, reason, this.#options.database);
    this.#tell(action, to, reason);
  }

  /** Notes what a transaction did cost: the budget has the rest again. */
  async settleCost(nonce: number, cost: bigint): Promise<void> {
    await this.#options.database.query("UPDATE verifier_spending SET cost = $2 WHERE nonce = $1", [
      nonce,
      cost.toString(),
    ]);
  }

  async #requireBudget(
    { kind, atStake }: Action,
    gasCost: bigint,
    within: Queryable,
  ): Promise<void> {
    const { bonds, attested, gasPerDay } = this.#options.budget;
    const gas = await sum(
      within,
      "SELECT coalesce(sum(cost), 0)::text AS sum FROM verifier_spending WHERE spent_at > now() - interval '24 hours'",
    );
    if (gas + gasCost > gasPerDay)
      throw new BudgetExceeded(
        `gas for ${gas + gasCost} wei in 24 hours; ${gasPerDay} are allowed`,
      );
    if (atStake === 0n) return;
    const isWord = kind === "attestBatch";
    const limit = isWord ? attested : bonds;
    const staked = await sum(
      within,
      `SELECT coalesce(sum(at_stake), 0)::text AS sum FROM verifier_actions
       WHERE state = ANY ($1) AND (kind = 'attestBatch') = $2`,
      [STAKED_STATES, isWord],
    );
    if (staked + atStake <= limit) return;
    const what = isWord ? "stake behind batches" : "bonds";
    throw new BudgetExceeded(`${staked + atStake} wei of ${what}; ${limit} are allowed`);
  }

  async #move(
    { batchId, kind, leaf, state }: Action,
    to: ActionState,
    reason: string | undefined,
    within: Queryable,
  ): Promise<void> {
    if (!ACTION_TRANSITIONS[state].includes(to))
      throw new Error(`An action cannot go from ${state} to ${to}.`);
    const { affectedRows } = await within.query(
      `UPDATE verifier_actions SET state = $5, reason = $6
       WHERE batch_id = $1 AND kind = $2 AND leaf = $3 AND state = $4`,
      [batchId, kind, leaf, state, to, reason ?? null],
    );
    if (affectedRows !== 1) throw new Error(`The action is not ${state} any more.`);
  }

  #tell({ batchId, kind, leaf }: Action, state: ActionState, reason: string | undefined): void {
    this.#options.events.emit("action", { batchId, kind, leaf, state, reason });
  }
}

async function sum(within: Queryable, statement: string, values: unknown[] = []): Promise<bigint> {
  const { rows } = await within.query(statement, values);
  return sumSchema.parse(rows[0]).sum;
}

function actionOf(row: unknown): Action {
  const { batch_id, kind, leaf, state, data, reason, at_stake } = rowSchema.parse(row);
  const rest = { kind, leaf, state, data, atStake: at_stake, reason: reason ?? undefined };
  return { batchId: batch_id, ...rest };
}
