import type { DirectOffer, DirectOrder } from "../direct-answer.ts";
import type { ComputeOptions, DirectEngine, EngineAnswer } from "../engine.ts";
import type { SteadyClock } from "../../enclave/clock.ts";
import { answerRequest, measureRequest } from "../../runtimes/answer-request.ts";
import type { Runtime } from "../../runtimes/runtime.ts";
import { parseModelRequest } from "../../../sdk/model-request.ts";
import type { Usage } from "../../../sdk/price-quote.ts";

export interface RuntimeEngineOptions {
  /** By offer. */
  readonly runtimes: ReadonlyMap<DirectOffer, Runtime>;
  readonly clock: SteadyClock;
}

/** Answers of language models that run in this process, for the node's own key to sign. */
export class RuntimeEngine implements DirectEngine {
  readonly offers: readonly DirectOffer[];
  readonly #options: RuntimeEngineOptions;

  constructor(options: RuntimeEngineOptions) {
    this.#options = options;
    this.offers = [...options.runtimes.keys()];
  }

  async measure(offer: DirectOffer, _form: unknown, input: Uint8Array): Promise<Usage> {
    return measureRequest(this.#runtimeOf(offer), parseModelRequest(input));
  }

  async compute(
    offer: DirectOffer,
    { input }: DirectOrder,
    options: ComputeOptions,
  ): Promise<EngineAnswer> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const request = parseModelRequest(input);
    const said = await answerRequest(this.#runtimeOf(offer), request, options);
    return { kind: "computed", answer: { ...said, startedAt, completedAt: clock.now() } };
  }

  #runtimeOf(offer: DirectOffer): Runtime {
    const runtime = this.#options.runtimes.get(offer);
    if (runtime === undefined) throw new TypeError("the offer is not of this engine");
    return runtime;
  }
}
