import type { RequestTerms } from "../../sdk/request.ts";
import { TIERS, type TierName } from "../../sdk/tiers.ts";
import type { Answer, AnswerableRequest, Job } from "./job.ts";

/**
 * Whether a request can be answered, as far as can be known before it is locked.
 *
 * - `ready`: it can; with what the answer takes besides the request, to be kept from before the lock.
 * - `waiting`: not yet; it is worth another look.
 * - `refused`: it cannot. Whoever locked it would lose the collateral.
 */
export type Readiness =
  | { readonly kind: "ready"; readonly opening?: Uint8Array }
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "refused"; readonly reason: string };

/** What answers the requests of one tier. */
export interface Answerer {
  readonly tier: TierName;
  /** Ids of the models that it answers for. */
  readonly modelIds: readonly string[];
  /** Says whether it can answer a request. What cannot be answered must not be locked. */
  readonly prepareFor: (request: AnswerableRequest) => Promise<Readiness>;
  /**
   * Answers a job, one that a reorganisation has opened again too. What it returns is journalled before anything of it is sent.
   *
   * @throws Unanswerable if no other try could do better; anything else is tried again.
   */
  readonly answer: (job: Job) => Promise<Answer>;
}

/** There is no answer to a request, and never will be. The message is the reason. */
export class Unanswerable extends Error {}

/** All that this node answers. */
export class Answerers {
  readonly #answerers: readonly Answerer[];

  constructor(answerers: readonly Answerer[]) {
    this.#answerers = answerers;
  }

  get modelIds(): readonly string[] {
    return [...new Set(this.#answerers.flatMap(({ modelIds }) => modelIds))];
  }

  /** Tiers in which a model is served. */
  tiersOf(modelId: string): readonly TierName[] {
    return this.#answerers
      .filter(({ modelIds }) => modelIds.includes(modelId))
      .map(({ tier }) => tier);
  }

  /** What answers requests of this tier for this model, if anything here does. */
  find({ modelId, tier }: Pick<RequestTerms, "modelId" | "tier">): Answerer | undefined {
    return this.#answerers.find(
      (each) => BigInt(TIERS[each.tier]) === tier && each.modelIds.includes(modelId),
    );
  }
}
