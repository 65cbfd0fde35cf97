import type { ActionRunner } from "./action-runner.ts";
import type { ActionStore, WantedAction } from "./action-store.ts";
import type { BatchInspector, Inspection } from "./batch-inspector.ts";
import { isEnded, type BatchState } from "./batch-states.ts";
import type { BatchRecord, BatchStore } from "./batch-store.ts";
import { attestation } from "./chain/calls.ts";
import { BATCH_STATUS, type BatchView, type LedgerView } from "./chain/ledger-view.ts";
import type { ObligationKeeper } from "./obligation-keeper.ts";
import { convictionsFor, demandsFor } from "./plan.ts";

export interface BatchRunnerOptions {
  readonly batches: BatchStore;
  readonly actions: ActionStore;
  readonly runner: ActionRunner;
  readonly keeper: ObligationKeeper;
  readonly inspector: BatchInspector;
  readonly ledger: LedgerView;
  /** The operator that this verifier acts for. */
  readonly operator: string;
  /** Stake behind each batch, in OPG wei; none is co-signed for zero. */
  readonly weight: bigint;
  readonly demandsPerBatch: number;
  readonly convictionsPerBatch: number;
  /** How long a node may be silent before receipts are demanded. */
  readonly patienceMs: number;
}

/** Where a batch goes when the chain says that it is over. */
const ENDS: ReadonlyMap<bigint, BatchState> = new Map([
  [BATCH_STATUS.Final, "Final"],
  [BATCH_STATUS.Rejected, "Rejected"],
  [BATCH_STATUS.Closed, "Rejected"],
  [BATCH_STATUS.Voided, "Voided"],
]);

/** For how long a batch may be unknown to an RPC node that lags behind the one that showed it. */
const LAG_MS = 600_000;

/** Takes batches from state to state, and sees to what is to be done about them. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions;

  constructor(options: BatchRunnerOptions) {
    this.#options = options;
  }

  /**
   * Takes a batch as far as it goes now. May be called again at any time, also after a failure.
   *
   * @returns whether something happened.
   */
  async run(record: BatchRecord): Promise<boolean> {
    const { ledger, keeper } = this.#options;
    const { committed } = record;
    const view = await ledger.batchOf(committed.batchId);
    const isJudged = await this.#judge(record, view);
    await keeper.follow(committed, view);
    const isDone = await this.#act(committed.batchId);
    return (await this.#finish(committed.batchId, view)) || isJudged || isDone;
  }

  /** Looks at the receipts, unless all was seen before. After a conviction by others, their payers may still have something due. */
  async #judge(record: BatchRecord, view: BatchView): Promise<boolean> {
    if (record.state !== "Found" && record.state !== "Withheld") return false;
    const { status } = view;
    if (status !== BATCH_STATUS.Committed && status !== BATCH_STATUS.Rejected) return false;
    const inspection = await this.#options.inspector.inspect(record.committed);
    if (inspection.findings.length > 0) return this.#accuse(record, view, inspection);
    if (inspection.missing.length === 0) return this.#accept(record, view, inspection);
    return record.state === "Found" && this.#lookFor(record, view, inspection);
  }

  async #accuse(record: BatchRecord, view: BatchView, { findings }: Inspection): Promise<boolean> {
    const { ledger, convictionsPerBatch: most } = this.#options;
    const bonds = await ledger.termsOf(view.termsVersion);
    const wanted = convictionsFor(record.committed, findings, { bonds, most });
    await this.#advance(record, "Challenged", { wanted, reason: wanted[0]?.reason });
    return true;
  }

  async #accept(record: BatchRecord, view: BatchView, { doubts }: Inspection): Promise<boolean> {
    const { operator, weight } = this.#options;
    const isOpen = view.status === BATCH_STATUS.Committed;
    const vouches = doubts.length === 0 && weight > 0n && isOpen;
    const wanted = vouches ? [attestation(record.committed, operator, weight)] : [];
    const reason = doubts.length === 0 ? undefined : `not co-signed: ${doubts.join("; ")}`;
    await this.#advance(record, "Sound", { wanted, reason });
    return true;
  }

  /** Waits for a node that does not show all, and then demands it. */
  async #lookFor(
    record: BatchRecord,
    view: BatchView,
    { missing, trouble }: Inspection,
  ): Promise<boolean> {
    const { ledger, patienceMs, demandsPerBatch: most } = this.#options;
    const terms = await ledger.termsOf(view.termsVersion);
    // Demands end two response windows before the deadline; half a one is left for the transaction.
    const latest = view.deadline - (5n * terms.responseWindow) / 2n;
    const isPatient = Date.now() - record.foundAt.getTime() < patienceMs;
    if (isPatient && (await ledger.now()) < latest) return false;
    const wanted = demandsFor(record.committed, missing, { bonds: terms, most });
    const reason = trouble ?? `${missing.length} receipts are not shown`;
    await this.#advance(record, "Withheld", { wanted, reason });
    return true;
  }

  #advance(
    record: BatchRecord,
    to: BatchState,
    {
      wanted,
      reason,
    }: { readonly wanted: readonly WantedAction[]; readonly reason: string | undefined },
  ): Promise<void> {
    const { batches, actions } = this.#options;
    return batches.advance(record, to, {
      reason,
      alongside: (within) => actions.want(wanted, within),
    });
  }

  /** Makes the calls that are to be made, one after the other. */
  async #act(batchId: string): Promise<boolean> {
    const { actions, runner } = this.#options;
    let isDone = false;
    for (const { kind, leaf } of await actions.of(batchId)) {
      // Signed, then confirmed: each step is read from the journal, which others write too.
      for (let isGoing = true; isGoing;) {
        const all = await actions.of(batchId);
        const action = all.find((it) => it.kind === kind && it.leaf === leaf);
        if (action?.state !== "Wanted" && action?.state !== "Sending") break;
        // Fees are counted in the order of the receipts.
        const isEarly =
          kind === "challengeTotal" &&
          all.some((it) => it.kind === kind && it.leaf < leaf && it.state !== "Done");
        isGoing = !isEarly && (await runner.run(action));
        isDone ||= isGoing;
      }
    }
    return isDone;
  }

  async #finish(batchId: string, { status }: BatchView): Promise<boolean> {
    const record = await this.#options.batches.get(batchId);
    if (record === undefined || isEnded(record.state)) return false;
    const isGone = status === BATCH_STATUS.None && Date.now() - record.foundAt.getTime() > LAG_MS;
    const end = isGone ? "Orphaned" : ENDS.get(status);
    if (end === undefined) return false;
    await this.#options.batches.advance(record, end, { reason: record.reason });
    return true;
  }
}
