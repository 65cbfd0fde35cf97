import pLimit from "p-limit";
import type { Logger } from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { evidenceOf, proofKindOf } from "../../sdk/proof-kinds.ts";
import { getBytes, hexlify } from "ethers";
import { at } from "../../zkml/arrays.ts";
import { prepareModel, proveTogether } from "../../zkml/prove/prover.ts";
import type { Prover as ProofMaker } from "../../zkml/prove/provers/prover.ts";
import { stopProverThreads } from "../../zkml/prove/threads.ts";
import type { Question } from "../../zkml/circuit/witness.ts";
import { requireKnownInput } from "../../zkml/circuit/proof-form.ts";
import { ZkmlError } from "../../zkml/errors.ts";
import { Unanswerable, type Answerer, type Readiness } from "../jobs/answerer.ts";
import type { Answer, AnswerableRequest } from "../jobs/job.ts";
import type { Openings } from "../models/openings.ts";
import type { ProvenModel } from "../models/served-models.ts";
import { takeGroup, type Waiting } from "./proof-group.ts";

export interface ProverOptions {
  readonly models: ReadonlyMap<string, ProvenModel>;
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

/** What was asked directly. */
export interface DirectQuestion {
  readonly modelId: string;
  readonly requestId: string;
  readonly input: Uint8Array;
}

/** An output and what proves it: kind and proof. */
export type ProvenOutput = Pick<Answer, "output" | "evidence">;

/** Runs models and proves what they said. */
export class Prover implements Answerer {
  readonly tier = "Proven";
  readonly #options: ProverOptions;
  /** One proof takes all cores: two at once would only be late together. */
  readonly #oneAtATime = pLimit(1);
  readonly #waiting: Waiting[] = [];
  #isStopped = false;

  get modelIds(): readonly string[] {
    return [...this.#options.models.keys()];
  }

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
   * @throws Unanswerable, or ZkmlError `PROVER_FAILED`.
   */
  async answer(request: AnswerableRequest): Promise<Answer> {
    try {
      return await this.#queue(request);
    } catch (error) {
      // A prover that was stopped, or ran out of memory, may do better later.
      if (!(error instanceof ZkmlError) || error.code === "PROVER_FAILED") throw error;
      throw new Unanswerable(reasonOf(error), { cause: error });
    }
  }

  /**
   * Proves an answer that another contract than the market is to check, alone: nobody else's request is in its proof.
   *
   * @throws ZkmlError `INPUT_SIZE` or `PROVER_FAILED`.
   */
  proveFor(
    settledBy: string,
    { modelId, requestId, input }: DirectQuestion,
  ): Promise<ProvenOutput> {
    return this.#oneAtATime(async () => {
      const questions = [{ requestId, input }];
      const { answers, evidence } = await this.#proveAll(modelId, { settledBy, questions });
      return { output: at(answers, 0).output, evidence };
    });
  }

  #queue(request: AnswerableRequest): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
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

  async #proveTogether(requests: readonly AnswerableRequest[]): Promise<readonly Answer[]> {
    const settledBy = this.#options.deployment.addresses.inferenceMarket;
    const questions = requests.map(({ requestId, input, opening }) => ({
      requestId,
      input: opening ?? input,
    }));
    const { modelId } = at(requests, 0).terms;
    const proven = await this.#proveAll(modelId, { settledBy, questions });
    const { answers, evidence, witnessMs, proofMs } = proven;
    const all = answers.map(({ requestId, output }) => ({ requestId, output: hexlify(output) }));
    const shared = all.length === 1 ? undefined : all;
    const durationsMs = { witness: witnessMs, proof: proofMs };
    return answers.map(({ output }) => ({ output, evidence, shared, durationsMs }));
  }

  async #proveAll(
    modelId: string,
    { settledBy, questions }: { settledBy: string; questions: readonly Question[] },
  ) {
    const { deployment, node, maker } = this.#options;
    const { model, parts } = this.#servedModel(modelId);
    const context = { chainId: deployment.chainId, market: settledBy, modelId, node };
    const proven = await proveTogether(model, { questions, context, parts }, maker);
    const evidence = getBytes(evidenceOf(proofKindOf(model.manifest), proven.evidence));
    return { ...proven, evidence };
  }

  /** Has what a proof of a request takes besides the request: of a private input, its opening. Others could take it away later. */
  async prepareFor(request: AnswerableRequest): Promise<Readiness> {
    try {
      return await this.#readinessFor(request);
    } catch (error) {
      if (error instanceof ZkmlError) return { kind: "refused", reason: reasonOf(error) };
      throw error;
    }
  }

  /** @throws ZkmlError `INPUT_SIZE` if no proof can be made of the input. */
  async #readinessFor(request: AnswerableRequest): Promise<Readiness> {
    const { model } = this.#servedModel(request.terms.modelId);
    const { form } = model.circuit;
    if (form.inputs === "public") {
      requireKnownInput(form, model.graph, request.input);
      return { kind: "ready" };
    }
    // A job that a reorganisation has opened again has it from before.
    const opening = request.opening ?? (await this.#options.openings.find(request, model));
    if (opening === undefined)
      return { kind: "waiting", reason: "the input's opening is not here" };
    requireKnownInput(form, model.graph, opening);
    return { kind: "ready", opening };
  }

  #servedModel(modelId: string): ProvenModel {
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

function reasonOf({ code, message }: ZkmlError): string {
  return `${code}: ${message}`;
}
