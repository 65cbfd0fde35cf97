import type { Action, ActionStore } from "./action-store.ts";
import type { CommittedBatch } from "./batch.ts";
import { ending, expiryOf, settlement } from "./chain/calls.ts";
import {
  BATCH_STATUS,
  DEMAND_STATUS,
  type BatchView,
  type LedgerView,
} from "./chain/ledger-view.ts";

export interface ObligationKeeperOptions {
  readonly actions: ActionStore;
  readonly ledger: LedgerView;
  /** The operator that this verifier acts for. */
  readonly operator: string;
  /** Account that sends its transactions, and has the bonds. */
  readonly account: string;
  /** How long its node has to finalise a batch before the verifier does it. */
  readonly graceSeconds: bigint;
}

/** Convictions after which a batch's collateral is slashed as a whole when it is closed. */
const CONDEMNING = ["challengeTotal", "expireDemand"] as const;

/** Follows what this verifier has at stake on chain, and sees that it comes back. */
export class ObligationKeeper {
  readonly #options: ObligationKeeperOptions;

  constructor(options: ObligationKeeperOptions) {
    this.#options = options;
  }

  /** Wants what is due by now. */
  async follow(committed: CommittedBatch, view: BatchView): Promise<void> {
    const all = await this.#options.actions.of(committed.batchId);
    for (const action of all) {
      if (action.state !== "Open") continue;
      if (action.kind === "attestBatch") await this.#followWord(committed, action, view);
      else await this.#followDemand(action);
    }
    await this.#close(committed, all, view);
  }

  async #followWord(
    committed: CommittedBatch,
    action: Action,
    { status, deadline, openDemands }: BatchView,
  ): Promise<void> {
    const { actions, ledger, operator, graceSeconds } = this.#options;
    if (status === BATCH_STATUS.Committed) {
      const isOver = (await ledger.now()) > deadline + graceSeconds && openDemands === 0n;
      if (isOver) await actions.want([ending(committed, "finalize")]);
      return;
    }
    if (status === BATCH_STATUS.None) return;
    if (status === BATCH_STATUS.Rejected || status === BATCH_STATUS.Closed)
      return actions.advance(action, "Done", "the batch was rejected after all");
    if ((await ledger.attestationOf(committed.batchId, operator)) === 0n)
      return actions.advance(action, "Done");
    await actions.want([settlement(committed, operator)]);
  }

  async #followDemand(action: Action): Promise<void> {
    const { actions, ledger, account } = this.#options;
    const { kind, batchId, leaf } = action;
    if (kind !== "demand" && kind !== "demandProof") return;
    const { status, demander, deadline } = await ledger.demandOf(kind, batchId, leaf);
    if (status === DEMAND_STATUS.None) return;
    if (status !== DEMAND_STATUS.Open) return actions.advance(action, "Done");
    if (demander !== account) return actions.advance(action, "Done", "another verifier demands it");
    if ((await ledger.now()) > deadline) await actions.want([expiryOf(action)]);
  }

  /** The rest of a condemned batch's collateral is slashed at its end, for who condemned it. */
  async #close(
    committed: CommittedBatch,
    all: readonly Action[],
    { status }: BatchView,
  ): Promise<void> {
    if (status !== BATCH_STATUS.Rejected) return;
    const condemned = all.some(
      ({ kind, state }) => state === "Done" && CONDEMNING.some((it) => it === kind),
    );
    if (condemned) await this.#options.actions.want([ending(committed, "closeRejected")]);
  }
}
