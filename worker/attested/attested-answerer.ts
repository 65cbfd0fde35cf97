import { getBytes, hexlify, recoverAddress, Signature } from "ethers";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import {
  attestedReceipt,
  decodeAttestedEvidence,
  encodeAttestedEvidence,
  receiptDigest,
  type Settlement,
} from "../../sdk/receipt.ts";
import { Unanswerable, type Answerer, type Readiness } from "../jobs/answerer.ts";
import type { Answer, AnswerableRequest, Job } from "../jobs/job.ts";
import type { LanguageModel } from "../models/served-models.ts";
import type { EnclaveKeeper, Standing } from "./enclave-keeper.ts";
import type { EnclaveLedger } from "./enclave-ledger.ts";
import type { InferAnswer, InferRequest } from "../enclave/protocol.ts";
import { refusalOf } from "./enclave.ts";

export interface AttestedAnswererOptions {
  readonly models: ReadonlyMap<string, LanguageModel>;
  readonly keeper: Pick<EnclaveKeeper, "standing">;
  readonly ledger: Pick<EnclaveLedger, "objectionTo" | "now">;
  /** The market of the requests. */
  readonly settlement: Settlement;
  /** The operator that is to be paid. */
  readonly node: string;
  readonly signal: AbortSignal;
}

type Attested = Extract<Standing, { kind: "attested" }>;

/**
 * Answers requests for language models with receipts of the node's enclave.
 *
 * There is one answer to a request: the enclave says the same again as long as it lives, and what it said is in the journal
 * before anything of it is sent. When an enclave ends before its answer came here, nobody has seen that answer.
 */
export class AttestedAnswerer implements Answerer {
  readonly tier = "Attested";
  readonly #options: AttestedAnswererOptions;

  constructor(options: AttestedAnswererOptions) {
    this.#options = options;
  }

  get modelIds(): readonly string[] {
    return [...this.#options.models.keys()];
  }

  async prepareFor(request: AnswerableRequest): Promise<Readiness> {
    const fault = faultOf(request.input);
    if (fault !== undefined) return { kind: "refused", reason: fault };
    // What a reorganisation has opened again is answered already.
    if (request.answer !== undefined) return this.#readinessOf(await this.#faultOfAnswer(request));
    const { standing } = this.#options.keeper;
    if (standing.kind === "preparing") return { kind: "waiting", reason: standing.reason };
    if (standing.kind === "unavailable")
      return { kind: "refused", reason: `there is no enclave: ${standing.reason}` };
    return this.#readinessWith(request, standing);
  }

  async answer(job: Job): Promise<Answer> {
    if (job.answer !== undefined) return this.#confirmed(job, job.answer);
    const { standing } = this.#options.keeper;
    if (standing.kind !== "attested") throw new Error(`no enclave can answer: ${standing.reason}`);
    const start = performance.now();
    const said = await this.#ask(job, standing);
    const answer = {
      output: said.output,
      evidence: getBytes(encodeAttestedEvidence(said)),
      durationsMs: { inference: performance.now() - start },
    };
    return this.#confirmed(job, answer, standing.identity.address);
  }

  /** Whether this enclave can answer a request in its time. */
  async #readinessWith(
    request: AnswerableRequest,
    { enclave, identity, record }: Attested,
  ): Promise<Readiness> {
    const { ledger, node: operator, signal } = this.#options;
    const { modelId, lockSeconds } = request.terms;
    const { contentHash } = this.#modelOf(request).package;
    if (!identity.models.some((loaded) => loaded.contentHash === contentHash))
      return refused("the enclave has not loaded the model");
    const now = await ledger.now();
    // Asked of an RPC node that lags behind the one that told of the key.
    if (now < record.from) return { kind: "waiting", reason: BEHIND };
    const deadline = now + lockSeconds;
    if (record.until <= deadline)
      return refused(
        `the enclave's key counts until ${record.until}, the request's deadline is ${deadline}`,
      );
    const use = { key: identity.address, operator, modelId, timestamp: now };
    const objection = await ledger.objectionTo(use);
    if (objection !== undefined) return this.#readinessOf(objection);
    try {
      return this.#readinessOf(await enclave.check(this.#questionOf(request, record.from), signal));
    } catch (error) {
      if (isTooEarly(error)) return { kind: "waiting", reason: error.message };
      throw error;
    }
  }

  /** @throws Unanswerable if the enclave refuses, and Error if it cannot be reached, or did not answer what was asked. */
  async #ask(job: Job, { enclave, record }: Attested): Promise<InferAnswer> {
    const question = this.#questionOf(job, record.from);
    try {
      const said = await enclave.infer(question, this.#options.signal);
      const { payer, fee } = said.statement;
      if (payer.toLowerCase() === question.payer.toLowerCase() && fee === question.fee) return said;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      throw new Unanswerable(refusal, { cause: error });
    }
    throw new Unanswerable("the enclave's receipt names another payer or fee");
  }

  /** Passes an answer on that the contracts will accept: they charge for the gas of looking at others. */
  async #confirmed(job: Job, answer: Answer, key?: string): Promise<Answer> {
    const fault = await this.#faultOfAnswer({ ...job, answer }, key);
    if (fault === undefined) return answer;
    throw isPassing(fault) ? new Error(`${BEHIND}: ${fault}`) : new Unanswerable(fault);
  }

  /** What is wrong with an answer, as far as the chain can be asked now. */
  async #faultOfAnswer(
    { requestId, terms, answer }: AnswerableRequest,
    wanted?: string,
  ): Promise<string | undefined> {
    const { ledger, node, settlement } = this.#options;
    const said = answer && decodeAttestedEvidence(hexlify(answer.evidence));
    if (answer === undefined || said === undefined) return "the evidence is not an enclave's";
    const { modelId, inputHash } = terms;
    const claim = { modelId, requestId, node, inputHash };
    const { statement, signature } = said;
    const receipt = attestedReceipt({ claim, output: answer.output, statement });
    const key = recoverAddress(receiptDigest(settlement, receipt), Signature.from(signature));
    if (wanted !== undefined && key !== wanted) return `the receipt is signed by ${key}`;
    return ledger.objectionTo({ key, operator: node, modelId, timestamp: statement.completedAt });
  }

  /** @param notBefore Unix time in seconds from which the key counts: an earlier receipt never would. */
  #questionOf(request: AnswerableRequest, notBefore: bigint): InferRequest {
    const { settlement, node } = this.#options;
    const { requestId, input } = request;
    const { modelId, payer, maxFee: fee } = request.terms;
    const { publisher } = this.#modelOf(request);
    const claim = { modelId, requestId, node, publisher };
    return { settlement, claim, payer, fee, notBefore, input };
  }

  #modelOf({ terms: { modelId } }: AnswerableRequest): LanguageModel {
    const served = this.#options.models.get(modelId);
    if (served === undefined) throw new Error(`model ${modelId} is not served`);
    return served;
  }

  #readinessOf(objection: string | undefined): Readiness {
    if (objection === undefined) return { kind: "ready" };
    return isPassing(objection) ? { kind: "waiting", reason: BEHIND } : refused(objection);
  }
}

const BEHIND = "the chain, as the RPC node sees it, is behind the key's attestation";

/** A key that was seen on chain is unknown only to a node that lags behind, or after a reorganisation, which ends as well. */
function isPassing(objection: string): boolean {
  return objection.startsWith("EnclaveRegistryKeyUnknown(");
}

/** Whether the enclave's own clock is behind its key's attestation. */
function isTooEarly(error: unknown): error is OpenGradientError {
  return error instanceof OpenGradientError && error.code === "ENCLAVE_TOO_EARLY";
}

function refused(reason: string): Readiness {
  return { kind: "refused", reason };
}

/** What is wrong with a request itself, whoever is to answer it. */
function faultOf(input: Uint8Array): string | undefined {
  try {
    parseChatRequest(input);
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return refusal;
  }
}
