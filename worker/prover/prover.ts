import pLimit from "p-limit";
import type { Logger } from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { evidenceOf, proofKindOf } from "../../sdk/proof-kinds.ts";
import { getBytes } from "ethers";
import { prepareModel, proveInference } from "../../zkml/prove/prover.ts";
import type { Prover as ProofMaker } from "../../zkml/prove/provers/prover.ts";
import { stopProverThreads } from "../../zkml/prove/threads.ts";
import type { FoundRequest, ProvenAnswer } from "../jobs/job.ts";
import type { Openings } from "../models/openings.ts";
import type { ServedModel } from "../models/served-models.ts";

export interface ProverOptions {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly deployment: Deployment;
  /** The operator that is to be paid. */
  readonly node: string;
  readonly openings: Openings;
  /** What makes the proofs. */
  readonly maker: ProofMaker;
  /** Models that are prepared for: as many as the maker keeps. */
  readonly residentKeys: number;
  readonly log: Logger;
}

/** Runs models and proves what they said. */
export class Prover {
  readonly #options: ProverOptions;
  /** One proof takes all cores: two at once would only be late together. */
  readonly #oneAtATime = pLimit(1);
  #isStopped = false;

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  /** Has the maker do in advance what it can, between jobs: the first ones may come before all is done. */
  prepare(): void {
    const { models, maker, residentKeys, log } = this.#options;
    for (const [modelId, { model }] of [...models].slice(0, residentKeys)) {
      void this.#oneAtATime(() => prepareModel(model, maker)).then(
        () => {
          log.info({ modelId, prover: maker.name }, "The prover is ready.");
        },
        (error: unknown) => {
          // Not fatal: whoever asks gets the same failure as the reason why the job ends.
          if (!this.#isStopped)
            log.error({ modelId, error: String(error) }, "The prover cannot prepare.");
        },
      );
    }
  }

  /** @throws ZkmlError `INPUT_SIZE`, `PROVER_FAILED` or `PROOF_INVALID`. */
  prove(request: FoundRequest): Promise<ProvenAnswer> {
    return this.#oneAtATime(async () => {
      const { deployment, node, maker, openings } = this.#options;
      const { requestId, terms } = request;
      const served = this.#servedModel(request);
      const input = await openings.find(request, served.model);
      if (input === undefined) throw new Error("the private input's opening is not here any more");
      const context = {
        chainId: deployment.chainId,
        market: deployment.addresses.inferenceMarket,
        modelId: terms.modelId,
        requestId,
        node,
      };
      const { parts, model } = served;
      const proven = await proveInference(model, { input, context, parts }, maker);
      const { output, witnessMs, proofMs } = proven;
      const evidence = getBytes(evidenceOf(proofKindOf(model.manifest), proven.evidence));
      return { output, evidence, witnessMs, proofMs };
    });
  }

  /** Whether all is here that proving takes: of a private input, its opening. */
  async isReadyFor(request: FoundRequest): Promise<boolean> {
    const { model } = this.#servedModel(request);
    return (await this.#options.openings.find(request, model)) !== undefined;
  }

  #servedModel({ terms: { modelId } }: FoundRequest): ServedModel {
    const served = this.#options.models.get(modelId);
    if (served === undefined) throw new Error(`model ${modelId} is not served`);
    return served;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#oneAtATime.clearQueue();
    await this.#options.maker.stop();
    // Proofs are verified with snarkjs, whatever makes them.
    await stopProverThreads();
  }
}
