import { keccak256, ZeroAddress } from "ethers";
import type { SteadyClock } from "./clock.ts";
import type { EnclaveKey } from "./enclave-key.ts";
import {
  inferRequestSchema,
  type BatchRequest,
  type InferAnswer,
  type InferRequest,
} from "./protocol.ts";
import { RecentAnswers, type RecentAnswersLimits } from "./recent-answers.ts";
import { feeOf, requireOwnTerms } from "./direct-terms.ts";
import { SignedLeaves } from "./signed-leaves.ts";
import { answerRequest, measureRequest, type ModelAnswer } from "../runtimes/answer-request.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { batchDigest, batchId, batchOfLeaves } from "../../sdk/inference-batch.ts";
import { modelId } from "../../sdk/model-id.ts";
import { parseModelRequest } from "../../sdk/model-request.ts";
import type { Usage } from "../../sdk/price-quote.ts";
import { receiptLeaf } from "../../sdk/receipt-tree.ts";
import { attestedReceipt, receiptDigest } from "../../sdk/receipt.ts";

/** Gets the text of an answer piece by piece. */
export type OnText = (piece: string) => void;

export interface AnswerDeskOptions {
  readonly key: Pick<EnclaveKey, "sign" | "address">;
  readonly runtimes: readonly Runtime[];
  readonly clock: SteadyClock;
  /** What every receipt commits to. */
  readonly evidenceHash: string;
  readonly limits: AnswerLimits;
}

export interface AnswerLimits {
  /** Requests that are computed or wait at the same time. */
  readonly pending: number;
  /** How long an answer may take. */
  readonly answerMs: number;
  readonly remembered: RecentAnswersLimits;
}

/**
 * Answers requests and signs receipts for the answers. The rules that make a receipt worth something:
 *
 * - What is signed was computed here: the model is told by what was loaded, the input is applied as it is or refused, the
 *   output is hashed as it was made.
 * - A request gets one answer. Asked again under the same terms, also while the answer is being computed, the same bytes are
 *   given; under other terms, nothing is. This holds as long as the answer is remembered and the enclave runs.
 * - `seq` counts the receipts of each settlement from 0 without a gap; times follow it. A request that is refused or fails uses
 *   no number.
 * - A direct request's id is that of its terms, and its fee follows from its price and what was used, or nothing is signed. So
 *   whoever knows the terms can hold the receipt to its price.
 * - A batch is signed if all of its receipts were.
 * - Nothing is signed before `notBefore` by this clock: a receipt from before its key was registered never counts, and there
 *   would be no other. It is no part of the terms, since it is about the key and not about the answer.
 *
 * Node, payer, price and settlement are the host's word: they say where the receipt counts and for whom, nothing about the
 * answer. A host who names others gets a receipt that is as true, and that its own request cannot be settled with.
 */
export class AnswerDesk {
  readonly #options: AnswerDeskOptions;
  readonly #recent: RecentAnswers<InferAnswer>;
  readonly #closing = new AbortController();
  readonly #signed = new SignedLeaves();
  #pending = 0;

  constructor(options: AnswerDeskOptions) {
    this.#options = options;
    this.#recent = new RecentAnswers(options.limits.remembered, ({ output }) => output.length);
  }

  /**
   * Answers a request, or gives the answer that it got. The text comes piece by piece to whoever asks first.
   *
   * @throws OpenGradientError `ENCLAVE_REQUEST_DIFFERS`, `ENCLAVE_MODEL_UNKNOWN`, `ENCLAVE_BUSY`, `ENCLAVE_TOO_EARLY`,
   * `ENCLAVE_TOO_SLOW`, `ENCLAVE_REQUEST_INVALID` for an id of other terms, `FEE_TOO_HIGH`, or what the model's runtime or the
   * input's form is refused with.
   */
  async answer(request: InferRequest, onText?: OnText): Promise<InferAnswer> {
    const known = this.#known(request);
    if (known !== undefined) return await known;
    const answer = this.#compute(request, onText);
    this.#recent.add(requestKey(request), { terms: termsOf(request), answer });
    return await answer;
  }

  /**
   * Gives the answer that a request got, and computes none: for a host that does not know whether it has asked.
   *
   * @throws OpenGradientError `ENCLAVE_UNKNOWN`, `ENCLAVE_REQUEST_DIFFERS`, or what the answer failed with.
   */
  async recall(request: InferRequest): Promise<InferAnswer> {
    const known = this.#known(request);
    if (known !== undefined) return await known;
    throw new OpenGradientError(
      "ENCLAVE_UNKNOWN",
      `Request ${request.claim.requestId} was not answered, or its answer is forgotten.`,
      "Ask for an answer.",
    );
  }

  /**
   * Signs a batch of receipts that were signed here.
   *
   * @throws OpenGradientError `ENCLAVE_UNKNOWN` unless all of them are remembered, `ENCLAVE_REQUEST_DIFFERS` if the batch is not
   * exactly theirs.
   */
  signBatch({ settlement, batch }: BatchRequest): string {
    const { node, firstSeq, count } = batch;
    const leaves = this.#signed.range(settlement, batch);
    if (leaves === undefined)
      throw new OpenGradientError(
        "ENCLAVE_UNKNOWN",
        `The enclave has not signed ${count} receipts from number ${firstSeq} on, or has forgotten them.`,
        "Have the node's key sign the batch.",
      );
    const { address: signer } = this.#options.key;
    const own = batchOfLeaves({ node, signer, firstSeq, leaves });
    if (batchId(own) === batchId(batch))
      return this.#options.key.sign(batchDigest(settlement, own));
    throw new OpenGradientError(
      "ENCLAVE_REQUEST_DIFFERS",
      `The batch of receipt ${firstSeq} is not that of the receipts that the enclave has signed.`,
      "Make it of the receipts as the enclave gave them.",
    );
  }

  /**
   * Makes sure that a request would be answered, as far as can be told without computing the answer, and says what the answer
   * can use at most. Signs nothing.
   *
   * @throws OpenGradientError like `answer`.
   */
  async check(request: InferRequest): Promise<Usage> {
    const known = this.#recent.get(requestKey(request));
    if (known && known.terms !== termsOf(request)) throw differs(request);
    if (!known) this.#requireDue(request);
    requireOwnTerms(request);
    return measureRequest(this.#runtimeOf(request), parseModelRequest(request.input));
  }

  /** Gives up what is being computed. */
  close(): void {
    this.#closing.abort(
      new OpenGradientError("ENCLAVE_BUSY", "The enclave is stopping.", "Ask again once it runs."),
    );
  }

  #known(request: InferRequest): Promise<InferAnswer> | undefined {
    const known = this.#recent.get(requestKey(request));
    if (known === undefined) return undefined;
    if (known.terms !== termsOf(request)) throw differs(request);
    return known.answer;
  }

  /** The clock never goes back: what begins now ends no earlier. */
  #requireDue({ notBefore }: InferRequest): void {
    const now = this.#options.clock.now();
    if (now < notBefore) throw tooEarly(now, notBefore);
  }

  async #compute(request: InferRequest, onText?: OnText): Promise<InferAnswer> {
    const { limits, clock } = this.#options;
    this.#requireDue(request);
    requireOwnTerms(request);
    const runtime = this.#runtimeOf(request);
    const asked = parseModelRequest(request.input);
    if (this.#pending >= limits.pending) throw busy(limits.pending);
    this.#pending++;
    const timeout = AbortSignal.timeout(limits.answerMs);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    try {
      const startedAt = clock.now();
      const text = onText === undefined ? {} : { onText };
      const answer = await answerRequest(runtime, asked, { signal, ...text });
      // A runtime that was too fast to notice: what was given up is not signed.
      signal.throwIfAborted();
      return this.#sign(request, { startedAt, answer });
    } catch (error) {
      throw timeout.aborted ? tooSlow(limits.answerMs, error) : error;
    } finally {
      this.#pending--;
    }
  }

  /** In one go: nothing else runs between taking a number and using it. */
  #sign(
    request: InferRequest,
    { startedAt, answer }: { startedAt: bigint; answer: ModelAnswer },
  ): InferAnswer {
    const { settlement, claim, payer, input } = request;
    const { output, usage, finishReason } = answer;
    const statement = {
      payer,
      ...usage,
      fee: feeOf(request, usage),
      startedAt,
      completedAt: this.#options.clock.now(),
      seq: this.#signed.nextSeq(settlement),
      evidenceHash: this.#options.evidenceHash,
    };
    const receipt = attestedReceipt({
      claim: { ...claim, inputHash: keccak256(input) },
      output,
      statement,
    });
    const signature = this.#options.key.sign(receiptDigest(settlement, receipt));
    const { fee, completedAt } = receipt;
    this.#signed.add(settlement, { leaf: receiptLeaf({ receipt, signature }), fee, completedAt });
    return { output, statement, signature, finishReason };
  }

  /** The runtime whose model, under this publisher, has this id. */
  #runtimeOf({ claim }: InferRequest): Runtime {
    const { publisher } = claim;
    const form = { publisher, key: ZeroAddress, inputSize: 0, outputSize: 0 };
    const found = this.#options.runtimes.find(
      ({ contentHash }) => modelId({ ...form, contentHash }) === claim.modelId,
    );
    if (found) return found;
    throw new OpenGradientError(
      "ENCLAVE_MODEL_UNKNOWN",
      `No model that this enclave has loaded has the id ${claim.modelId} for the publisher ${publisher}.`,
      "Ask for one that /identity lists; a model's id follows from its publisher and its content hash.",
    );
  }
}

/** One request of one settlement. */
function requestKey({ settlement: { chainId, settledBy }, claim }: InferRequest): string {
  return [chainId, settledBy, claim.requestId].join();
}

function termsOf(request: InferRequest): string {
  const asked = { ...request, notBefore: 0n };
  const terms = { ...inferRequestSchema.encode(asked), input: keccak256(request.input) };
  return JSON.stringify(terms);
}

function differs({ claim }: InferRequest): OpenGradientError {
  return new OpenGradientError(
    "ENCLAVE_REQUEST_DIFFERS",
    `Request ${claim.requestId} was asked before, with another input or under other terms.`,
    "Ask with what it was asked with first: a request has one answer.",
  );
}

function busy(pending: number): OpenGradientError {
  return new OpenGradientError(
    "ENCLAVE_BUSY",
    `${pending} requests are being answered already.`,
    "Ask again in a moment.",
  );
}

function tooEarly(now: bigint, notBefore: bigint): OpenGradientError {
  return new OpenGradientError(
    "ENCLAVE_TOO_EARLY",
    `The key counts from ${notBefore}; by the enclave's clock it is ${now}.`,
    "Ask again in a moment; if it stays so, set the clock of the enclave's machine.",
  );
}

function tooSlow(limitMs: number, cause: unknown): OpenGradientError {
  return new OpenGradientError(
    "ENCLAVE_TOO_SLOW",
    `The answer was not there after ${limitMs} ms.`,
    "Ask for fewer tokens, or give the enclave more time (limits.answerSeconds).",
    { cause },
  );
}
