import pLimit from "p-limit";
import type { Logger } from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { evidenceOf, proofKindOf } from "../../sdk/proof-kinds.ts";
import { getBytes, hexlify } from "ethers";
import { at } from "../../zkml/arrays.ts";
import { prepareModel, proveTogether } from "../../zkml/prove/prover.ts";
import type { Prover as ProofMaker } from "../../zkml/prove/provers/prover.ts";
import { stopProverThreads } from "../../zkml/prove/threads.ts";
import { requireKnownInput } from "../../zkml/circuit/proof-form.ts";
import type { FoundRequest, ProvableRequest, ProvenAnswer } from "../jobs/job.ts";
import type { Openings } from "../models/openings.ts";
import type { ServedModel } from "../models/served-models.ts";
import { takeGroup, type Waiting } from "./proof-group.ts";

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
  readonly #waiting: Waiting[] = [];
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

  /**
   * Proves a request. Requests that wait for the prover at the same time share a proof, if their model's proofs carry several
   * inferences.
   *
   * @throws ZkmlError `INPUT_SIZE`, `PROVER_FAILED` or `PROOF_INVALID`.
   */
  prove(request: ProvableRequest): Promise<ProvenAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ProvenAnswer>();
    this.#waiting.push({ request, resolve, reject });
    void this.#oneAtATime(() => this.#proveNext());
    return promise;
  }

  async #proveNext(): Promise<void> {
    const group = takeGroup(this.#waiting, this.#options.models);
    // Those that waited may have been taken into a group before.
    if (group.length === 0) return;
    try {
      const answers = await this.#proveTogether(group.map(({ request }) => request));
      group.forEach(({ resolve }, i) => {
        resolve(at(answers, i));
      });
    } catch (error) {
      // What one of them is to blame for must not end the others.
      if (group.length === 1) at(group, 0).reject(error);
      else for (const waiting of group) await this.#proveAlone(waiting);
    }
  }

  async #proveAlone({ request, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve(at(await this.#proveTogether([request]), 0));
    } catch (error) {
      reject(error);
    }
  }

  async #proveTogether(requests: readonly ProvableRequest[]): Promise<readonly ProvenAnswer[]> {
    const { deployment, node, maker } = this.#options;
    const { modelId, model, parts } = this.#servedModel(at(requests, 0));
    const market = deployment.addresses.inferenceMarket;
    const context = { chainId: deployment.chainId, market, modelId, node };
    const questions = requests.map(({ requestId, input, opening }) => ({
      requestId,
      input: opening ?? input,
    }));
    const proven = await proveTogether(model, { questions, context, parts }, maker);
    const { answers, witnessMs, proofMs } = proven;
    const evidence = getBytes(evidenceOf(proofKindOf(model.manifest), proven.evidence));
    const all = answers.map(({ requestId, output }) => ({ requestId, output: hexlify(output) }));
    const shared = all.length === 1 ? undefined : all;
    return answers.map(({ output }) => ({ output, evidence, shared, witnessMs, proofMs }));
  }

  /**
   * What a proof of a request takes besides the request: of a private input, its opening.
   *
   * @returns `undefined` if that is not here yet.
   * @throws ZkmlError `INPUT_SIZE` if no proof can be made of the input.
   */
  async prepareFor(
    request: ProvableRequest,
  ): Promise<{ readonly opening?: Uint8Array } | undefined> {
    const { model } = this.#servedModel(request);
    const { form } = model.circuit;
    if (form.inputs === "public") {
      requireKnownInput(form, model.graph, request.input);
      return {};
    }
    // A job that a reorganisation has opened again has it from before.
    const opening = request.opening ?? (await this.#options.openings.find(request, model));
    if (opening === undefined) return undefined;
    requireKnownInput(form, model.graph, opening);
    return { opening };
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
