import { hexlify, type Provider } from "ethers";
import type { Logger } from "pino";
import type { InferenceMarket } from "../../typechain-types/index.js";
import { feeAt } from "../../sdk/request.ts";
import { describeRevert, isRevert } from "../../sdk/reverts.ts";
import { situationOf, type Situation } from "../chain/situation.ts";
import { TransactionTooLarge, type Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { TransactionPurpose } from "../chain/transaction.ts";
import { Unanswerable, type Answerer, type Answerers } from "./answerer.ts";
import { hasEnded, type JobState } from "./job-states.ts";
import type { JobChange, JobStore } from "./job-store.ts";
import type { Job, SharedPart } from "./job.ts";

export interface JobRunnerOptions {
  readonly jobs: JobStore;
  readonly answerers: Answerers;
  readonly submitter: Submitter;
  readonly transactions: TransactionJournal;
  readonly market: InferenceMarket;
  readonly provider: Provider;
  readonly log: Logger;
  /** The operator that this worker acts for. */
  readonly node: string;
  /** Requests that never offer so much are declined, others taken when they do; OPG in wei. */
  readonly minimumFee: bigint;
  /** Requests that want more collateral are declined; OPG in wei. */
  readonly maximumCollateral: bigint;
}

/** A call that the contract accepts when asked and refuses when mined, again and again, is not worth more gas. */
const MAX_ATTEMPTS = 3;

/** Of a request that was found, or locked, when this node was configured otherwise. */
const NOT_SERVED = "the model is not served in this tier any more";

/** Where a job goes when it is not this node's turn any more. */
const ENDS: Readonly<Record<Exclude<Situation, "open" | "held">, JobState>> = {
  served: "Fulfilled",
  taken: "Lost",
  late: "Missed",
  gone: "Orphaned",
};

/**
 * A request cannot be taken in the second in which it is made; its offer may still be too low, what answers it not be ready,
 * or another job be about to settle it.
 */
class NotYet extends Error {}

/**
 * What the contracts refuse only for now: the block that made the request, or an enclave's clock, is ahead of the next block; or
 * the RPC node has not seen yet that the key was attested.
 */
const PASSING_REFUSALS = [
  "InferenceMarketTooFresh",
  "AttestedVerifierFromTheFuture",
  "EnclaveRegistryKeyUnknown",
] as const;

/** A call to make, and what becomes of the job with it. */
interface Step {
  readonly purpose: TransactionPurpose;
  readonly data: string;
  readonly next: JobState;
  readonly change?: JobChange;
}

/** Takes a job from state to state until it has ended. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #running = new Set<string>();

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  /** Runs a job to its end. May be called again after a failure, and for a job that runs or has ended already. */
  async run(requestId: string): Promise<void> {
    const { jobs, log } = this.#options;
    if (this.#running.has(requestId)) return;
    this.#running.add(requestId);
    try {
      for (;;) {
        const job = await jobs.get(requestId);
        if (job === undefined || hasEnded(job.state)) return;
        await this.#step(job);
      }
    } catch (error) {
      if (error instanceof NotYet) {
        log.info({ requestId, reason: error.message }, "It is too early for the next step.");
      } else
        log.warn({ requestId, error: String(error) }, "A step failed and will be tried again.");
      throw error;
    } finally {
      this.#running.delete(requestId);
    }
  }

  #step(job: Job): Promise<void> {
    switch (job.state) {
      case "Found":
        return this.#lock(job);
      case "Locking":
        return this.#confirmLock(job);
      case "Locked":
        return this.#answer(job);
      case "Answered":
        return this.#fulfil(job);
      case "Fulfilling":
        return this.#confirmFulfilment(job);
      default:
        throw new Error(`A job that is ${job.state} has no next step.`);
    }
  }

  async #lock(job: Job): Promise<void> {
    const { jobs, market, node } = this.#options;
    const answerer = this.#answererOf(job);
    if (answerer === undefined) return jobs.advance(job, "Declined", { reason: NOT_SERVED });
    const refusal = this.#refusalOf(job);
    if (refusal !== undefined) return jobs.advance(job, "Declined", { reason: refusal });
    const situation = await this.#situationOf(job);
    if (situation !== "open" && situation !== "held") return jobs.advance(job, ENDS[situation]);
    const readiness = await answerer.prepareFor(job);
    if (readiness.kind === "refused")
      return jobs.advance(job, "Declined", { reason: readiness.reason });
    if (readiness.kind === "waiting") throw new NotYet(readiness.reason);
    const prepared = { opening: readiness.opening };
    if (situation === "held") return jobs.advance(job, "Locked", prepared);
    // The queue comes back to it: more and more rarely, down to every minute and a half.
    if (!(await this.#paysEnough(job))) throw new NotYet("it does not pay enough yet");

    const data = market.interface.encodeFunctionData("lock", [{ ...job.terms }, node]);
    await this.#sign(job, { purpose: "lock", data, next: "Locking", change: prepared });
  }

  async #confirmLock(job: Job): Promise<void> {
    const { jobs, submitter } = this.#options;
    await submitter.confirm({ subject: job.requestId, purpose: "lock" });
    const situation = await this.#situationOf(job);
    if (situation === "held") return jobs.advance(job, "Locked");
    // Mined and undone by a reorganisation, refused when mined, or never mined: try again.
    if (situation === "open") return jobs.advance(job, "Found");
    return jobs.advance(job, ENDS[situation]);
  }

  async #answer(job: Job): Promise<void> {
    const { jobs } = this.#options;
    // Looked at again at each try: what nobody waits for any more is not worth the work.
    const situation = await this.#situationOf(job);
    if (situation !== "held" && situation !== "open") return jobs.advance(job, ENDS[situation]);
    const answerer = this.#answererOf(job);
    if (answerer === undefined) return jobs.advance(job, "Failed", { reason: NOT_SERVED });
    try {
      await jobs.advance(job, "Answered", { answer: await answerer.answer(job) });
    } catch (error) {
      if (!(error instanceof Unanswerable)) throw error;
      await jobs.advance(job, "Failed", { reason: error.message });
    }
  }

  async #fulfil(job: Job): Promise<void> {
    const { jobs, market, node } = this.#options;
    const situation = await this.#situationOf(job);
    if (situation !== "held" && situation !== "open") return jobs.advance(job, ENDS[situation]);
    if (job.answer === undefined) throw new Error("An answered job has no answer.");
    const { shared, output, evidence } = job.answer;
    if (shared !== undefined && (await this.#isLedByOther(job, shared)))
      throw new NotYet("another job settles it");

    const data =
      shared === undefined
        ? market.interface.encodeFunctionData("fulfil", [
            { ...job.terms },
            node,
            hexlify(output),
            hexlify(evidence),
          ])
        : market.interface.encodeFunctionData("fulfilShared", [
            node,
            await this.#fulfilmentsOf(shared),
            hexlify(evidence),
          ]);
    await this.#sign(job, { purpose: "fulfil", data, next: "Fulfilling" });
  }

  /** Of the jobs that share a proof the first settles all; the others wait until it has ended. */
  async #isLedByOther({ requestId }: Job, [leader]: readonly SharedPart[]): Promise<boolean> {
    if (leader === undefined || leader.requestId === requestId) return false;
    const job = await this.#options.jobs.get(leader.requestId);
    return job !== undefined && !hasEnded(job.state);
  }

  #fulfilmentsOf(shared: readonly SharedPart[]) {
    return Promise.all(
      shared.map(async ({ requestId, output }) => {
        const job = await this.#options.jobs.get(requestId);
        if (job === undefined) throw new Error(`the journal does not have request ${requestId}`);
        return { terms: { ...job.terms }, output };
      }),
    );
  }

  async #confirmFulfilment(job: Job): Promise<void> {
    const { jobs, submitter } = this.#options;
    await submitter.confirm({ subject: job.requestId, purpose: "fulfil" });
    const situation = await this.#situationOf(job);
    if (situation === "held" || situation === "open") return jobs.advance(job, "Answered");
    return jobs.advance(job, ENDS[situation]);
  }

  /** Signs a call and stores it with the job's next state; sends nothing. */
  async #sign(job: Job, { purpose, data, next, change }: Step): Promise<void> {
    const { jobs, submitter, transactions, market, log } = this.#options;
    const { requestId } = job;
    if ((await transactions.attempts({ subject: requestId, purpose })) >= MAX_ATTEMPTS) {
      const reason = `${purpose} was refused ${MAX_ATTEMPTS} times when mined`;
      return jobs.advance(job, "Failed", { reason });
    }
    const to = await market.getAddress();
    try {
      await submitter.sign({ subject: requestId, purpose, to, data }, (transaction) =>
        jobs.advance(job, next, { ...change, transaction }),
      );
    } catch (error) {
      const reason = error instanceof TransactionTooLarge ? error.message : describeRevert(error);
      if (reason === undefined) throw error;
      if (PASSING_REFUSALS.some((name) => isRevert(error, name))) throw new NotYet(reason);
      // Others may have been faster since the look at the chain: only a refusal of what should work is a failure.
      const situation = await this.#situationOf(job);
      if (situation !== "open" && situation !== "held") return jobs.advance(job, ENDS[situation]);
      log.error({ requestId, purpose, reason }, "The contract refuses the call.");
      await jobs.advance(job, "Failed", { reason });
    }
  }

  #refusalOf({ terms }: Job): string | undefined {
    const { minimumFee, maximumCollateral } = this.#options;
    const most = feeAt(terms, terms.expiry) - terms.royalty;
    if (most < minimumFee) return `pays ${most}, less than ${minimumFee}`;
    if (terms.collateral > maximumCollateral)
      return `wants collateral ${terms.collateral}, more than ${maximumCollateral}`;
    return undefined;
  }

  /** Whether a node that takes the request now is paid what this one works for. */
  async #paysEnough({ terms }: Job): Promise<boolean> {
    const { provider, minimumFee } = this.#options;
    const block = await provider.getBlock("latest");
    if (block === null) throw new Error("The RPC node does not know its latest block.");
    // The next block is not older than this clock; where blocks are rare, the latest may be.
    const now = Math.max(block.timestamp, Math.floor(Date.now() / 1_000));
    return feeAt(terms, BigInt(now)) - terms.royalty >= minimumFee;
  }

  #answererOf({ terms }: Job): Answerer | undefined {
    return this.#options.answerers.find(terms);
  }

  #situationOf(job: Job): Promise<Situation> {
    const { market, provider, node } = this.#options;
    return situationOf({ market, provider, node }, job);
  }
}
