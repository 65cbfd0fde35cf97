import { getBytes, hexlify, recoverAddress, Signature } from "ethers";
import { parseChatRequest } from "../../sdk/chat-request.ts";
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
  /** Unix time in seconds. */
  readonly clock?: () => number;
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
    if (this.#isTooEarlyFor(standing)) return { kind: "waiting", reason: TOO_EARLY };
    return this.#readinessOf(await this.#objectionTo(request, standing));
  }

  async answer(job: Job): Promise<Answer> {
    if (job.answer !== undefined) return this.#confirmed(job, job.answer);
    const { standing } = this.#options.keeper;
    if (standing.kind !== "attested") throw new Error(`no enclave can answer: ${standing.reason}`);
    if (this.#isTooEarlyFor(standing)) throw new Error(TOO_EARLY);
    const start = performance.now();
    const said = await this.#ask(job, standing);
    const answer = {
      output: said.output,
      evidence: getBytes(encodeAttestedEvidence(said)),
      durationsMs: { inference: performance.now() - start },
    };
    return this.#confirmed(job, answer, standing.identity.address);
  }

  /** Why this enclave cannot answer a request in its time, if it cannot. */
  async #objectionTo(
    request: AnswerableRequest,
    { enclave, identity, record }: Attested,
  ): Promise<string | undefined> {
    const { ledger, node: operator, signal } = this.#options;
    const { modelId, lockSeconds } = request.terms;
    const { contentHash } = this.#modelOf(request).package;
    if (!identity.models.some((loaded) => loaded.contentHash === contentHash))
      return "the enclave has not loaded the model";
    const now = await ledger.now();
    const deadline = now + lockSeconds;
    if (record.until <= deadline)
      return `the enclave's key counts until ${record.until}, the request's deadline is ${deadline}`;
    const use = { key: identity.address, operator, modelId, timestamp: now };
    return (
      (await ledger.objectionTo(use)) ?? (await enclave.check(this.#questionOf(request), signal))
    );
  }

  /** @throws Unanswerable if the enclave refuses, and Error if it cannot be reached, or did not answer what was asked. */
  async #ask(job: Job, { enclave }: Attested): Promise<InferAnswer> {
    const question = this.#questionOf(job);
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
    if (fault !== undefined) throw new Unanswerable(fault);
    return answer;
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

  #questionOf(request: AnswerableRequest): InferRequest {
    const { settlement, node } = this.#options;
    const { requestId, input } = request;
    const { modelId, payer, maxFee: fee } = request.terms;
    const { publisher } = this.#modelOf(request);
    return { settlement, claim: { modelId, requestId, node, publisher }, payer, fee, input };
  }

  #modelOf({ terms: { modelId } }: AnswerableRequest): LanguageModel {
    const served = this.#options.models.get(modelId);
    if (served === undefined) throw new Error(`model ${modelId} is not served`);
    return served;
  }

  #readinessOf(objection: string | undefined): Readiness {
    return objection === undefined ? { kind: "ready" } : { kind: "refused", reason: objection };
  }

  /** A receipt from before the key's first second would never count, and the enclave would not write another. */
  #isTooEarlyFor({ record }: Attested): boolean {
    const { clock = () => Math.floor(Date.now() / 1_000) } = this.#options;
    return BigInt(clock()) <= record.from;
  }
}

const TOO_EARLY = "the enclave's key does not count yet by this machine's clock";

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
