import { toUtf8Bytes } from "ethers";
import type { DirectOffer, DirectOrder } from "../direct-answer.ts";
import type { ComputeOptions, DirectEngine, EngineAnswer } from "../engine.ts";
import type { SteadyClock } from "../../enclave/clock.ts";
import type { Runtime } from "../../runtimes/runtime.ts";
import { parseTextRequest } from "../../../sdk/completion-request.ts";
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
    const bound = await this.#runtimeOf(offer).check(parseTextRequest(input));
    return unitsOf(bound);
  }

  async compute(
    offer: DirectOffer,
    { input }: DirectOrder,
    options: ComputeOptions,
  ): Promise<EngineAnswer> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    const generation = await this.#runtimeOf(offer).generate(parseTextRequest(input), options);
    const answer = {
      output: toUtf8Bytes(generation.text),
      usage: unitsOf(generation),
      startedAt,
      completedAt: clock.now(),
      finishReason: generation.finishReason,
    };
    return { kind: "computed", answer };
  }

  #runtimeOf(offer: DirectOffer): Runtime {
    const runtime = this.#options.runtimes.get(offer);
    if (runtime === undefined) throw new TypeError("the offer is not of this engine");
    return runtime;
  }
}

function unitsOf(used: { readonly inputTokens: number; readonly outputTokens: number }): Usage {
  return { inputUnits: BigInt(used.inputTokens), outputUnits: BigInt(used.outputTokens) };
}
