import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { BatchStore } from "./batch-store.ts";
import type { DemandLedger, ShownReceipt } from "./demand-ledger.ts";
import type { DemandState } from "./demand-states.ts";
import type { Demand, DemandStore } from "./demand-store.ts";
import type { DirectRecord } from "./direct-answer.ts";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionIntent } from "../chain/transaction.ts";
import type { Prover } from "../prover/prover.ts";
import type { InferenceBatch } from "../../sdk/inference-batch.ts";
import { treePath } from "../../sdk/receipt-tree.ts";

export interface BatchDefenderOptions {
  readonly batches: Pick<BatchStore, "get" | "leavesOf" | "recordsOf">;
  readonly demands: DemandStore;
  readonly ledger: DemandLedger;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  /** For answers whose proof was not made when they were given; `undefined` where no model can be proved. */
  readonly prover: Pick<Prover, "proveFor"> | undefined;
  /** Block of the deployment: nothing was demanded before it. */
  readonly startBlock: number;
  readonly log: Logger;
  readonly pollingIntervalMs: number;
  readonly signal: AbortSignal;
}

/** Blocks asked for at once; common RPC services refuse more. */
const MAX_RANGE = 2_000;

/** Blocks that are read again each time, in case that a reorganisation brought something into them. */
const OVERLAP = 64;

/** A demand whose answer fails is tried again after so long: it costs the stake if it stays unanswered. */
const RETRY_MS = 5_000;

const ENDS: Partial<Record<string, DemandState>> = {
  None: "Orphaned",
  Answered: "Answered",
  Expired: "Expired",
};

/**
 * Shows what is demanded of this node's batches, and proves what can be proved: a batch whose demands stay unanswered is rejected,
 * and the node slashed.
 *
 * What was demanded is in the journal with the block up to which the chain was read, and every transaction before it is sent.
 * Whether a demand is open, the chain says before each step. So a process that is killed at any point answers each demand once.
 */
export class BatchDefender {
  readonly #options: BatchDefenderOptions;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: BatchDefenderOptions) {
    this.#options = options;
  }

  /** Answers until stopped. */
  async run(): Promise<void> {
    const { signal, log, pollingIntervalMs } = this.#options;
    while (!signal.aborted) {
      try {
        while (await this.read());
        await this.advance();
      } catch (error) {
        log.warn({ error: String(error) }, "Reading demands failed and will be tried again.");
      }
      await setTimeout(pollingIntervalMs, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(this.#underWay.values());
  }

  /** Reads the next blocks; returns whether there are more. */
  async read(): Promise<boolean> {
    const { demands, ledger, startBlock } = this.#options;
    const before = await demands.readUpTo();
    const latest = await ledger.latestBlock();
    if (before !== undefined && latest <= before) return false;
    const from = Math.max(startBlock, before === undefined ? startBlock : before - OVERLAP + 1);
    const to = Math.min(latest, from + MAX_RANGE - 1);
    await demands.add(await ledger.demandsIn(from, to), to);
    return to < latest;
  }

  /** Starts to answer what is open. */
  async advance(): Promise<void> {
    for (const demand of await this.#options.demands.open()) {
      const subject = subjectOf(demand);
      if (this.#underWay.has(subject)) continue;
      const answering = this.#tryAnswer(demand).finally(() => this.#underWay.delete(subject));
      this.#underWay.set(subject, answering);
    }
  }

  async #tryAnswer(demand: Demand): Promise<void> {
    const { log, signal } = this.#options;
    const { batchId, index, kind } = demand;
    try {
      let next: Demand | undefined = demand;
      while (next !== undefined && !signal.aborted) next = await this.#step(next);
    } catch (error) {
      if (signal.aborted) return;
      log.error({ batchId, index, kind, error: String(error) }, "A demand is not answered yet.");
      await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One step; `undefined` if there is none to take. */
  async #step(demand: Demand): Promise<Demand | undefined> {
    const { demands, ledger, submitter } = this.#options;
    if (demand.state === "Answering")
      await submitter.confirm({ subject: subjectOf(demand), purpose: purposeOf(demand) });
    const end = ENDS[await ledger.demandStatusOf(demand)];
    if (end !== undefined) {
      await demands.advance(demand, end);
      return undefined;
    }
    if (demand.state === "Answering") return demands.advance(demand, "Open");
    return this.#answer(demand);
  }

  async #answer(demand: Demand): Promise<Demand> {
    const { demands, ledger, submitter } = this.#options;
    const intent: TransactionIntent = {
      subject: subjectOf(demand),
      purpose: purposeOf(demand),
      to: ledger.address,
      data: await this.#callFor(demand),
    };
    const answering = Promise.withResolvers<Demand>();
    await submitter.sign(intent, async (transaction) => {
      answering.resolve(await demands.advance(demand, "Answering", transaction));
    });
    return answering.promise;
  }

  async #callFor({ batchId, index, kind }: Demand): Promise<string> {
    const { batches, ledger } = this.#options;
    const { batch } = (await batches.get(batchId)) ?? {};
    const [record] =
      batch === undefined ? [] : await batches.recordsOf(batch, { from: index, limit: 1 });
    if (batch === undefined || record === undefined)
      throw new Error("the receipt is not in the journal");
    const shown = await this.#shown(batch, record, index);
    if (kind === "receipt") return ledger.revealCall(batch, shown, record);
    const evidence = record.evidence ?? (await this.#prove(record));
    return ledger.proveCall(batch, shown, { output: record.output, evidence });
  }

  async #shown(batch: InferenceBatch, record: DirectRecord, index: number): Promise<ShownReceipt> {
    const { receipt, signature } = record;
    const path = treePath(await this.#options.batches.leavesOf(batch), index);
    return { receipt, signature, index, path: [...path] };
  }

  async #prove({ receipt, input }: DirectRecord): Promise<Uint8Array> {
    const { prover, ledger } = this.#options;
    if (prover === undefined) throw new Error("there is no prover for the model");
    const { modelId, requestId } = receipt;
    return (await prover.proveFor(ledger.address, { modelId, requestId, input })).evidence;
  }
}

function subjectOf({ batchId, index }: Demand): string {
  return `${batchId}:${index}`;
}

function purposeOf({ kind }: Demand) {
  return kind === "receipt" ? "reveal" : "prove";
}
