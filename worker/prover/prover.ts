import pLimit from "p-limit";
import type { Deployment } from "../../sdk/deployment.ts";
import { evidenceOf } from "../../sdk/proof-kinds.ts";
import { getBytes } from "ethers";
import { proveInference } from "../../zkml/prove/prover.ts";
import { stopProverThreads } from "../../zkml/prove/threads.ts";
import type { FoundRequest, ProvenAnswer } from "../jobs/job.ts";
import type { ServedModel } from "../models/served-models.ts";

export interface ProverOptions {
  readonly models: ReadonlyMap<string, ServedModel>;
  readonly deployment: Deployment;
  /** The operator that is to be paid. */
  readonly node: string;
}

/** Runs models and proves what they said. */
export class Prover {
  readonly #options: ProverOptions;
  /** One proof takes all cores: two at once would only be late together. */
  readonly #oneAtATime = pLimit(1);

  constructor(options: ProverOptions) {
    this.#options = options;
  }

  /** @throws ZkmlError `INPUT_SIZE` or `PROOF_INVALID`. */
  prove({ requestId, terms, input }: FoundRequest): Promise<ProvenAnswer> {
    return this.#oneAtATime(async () => {
      const { models, deployment, node } = this.#options;
      const served = models.get(terms.modelId);
      if (served === undefined) throw new Error(`model ${terms.modelId} is not served`);
      const context = {
        chainId: deployment.chainId,
        market: deployment.addresses.inferenceMarket,
        modelId: terms.modelId,
        requestId,
        node,
      };
      const { parts, model } = served;
      const proven = await proveInference(model, { input, context, parts });
      const { output, witnessMs, proofMs } = proven;
      const evidence = getBytes(evidenceOf("provenGroth16V1", proven.evidence));
      return { output, evidence, witnessMs, proofMs };
    });
  }

  async stop(): Promise<void> {
    await stopProverThreads();
  }
}
