import { keccak256, toUtf8Bytes, ZeroAddress } from "ethers";
import type { SteadyClock } from "./clock.ts";
import type { EnclaveKey } from "./enclave-key.ts";
import { inferRequestSchema, type InferAnswer, type InferRequest } from "./protocol.ts";
import { RecentAnswers, type RecentAnswersLimits } from "./recent-answers.ts";
import type { Generation, Runtime } from "../runtimes/runtime.ts";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { modelId } from "../../sdk/model-id.ts";
import { attestedReceipt, receiptDigest } from "../../sdk/receipt.ts";

export interface AnswerDeskOptions {
  readonly key: Pick<EnclaveKey, "sign">;
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
 * - `seq` counts the receipts from 0 without a gap; times follow it. A request that is refused or fails uses no number.
 *
 * - Nothing is signed before `notBefore` by this clock: a receipt from before its key was registered never counts, and there
 *   would be no other. It is no part of the terms, since it is about the key and not about the answer.
 *
 * Node, payer, fee and settlement are the host's word: they say where the receipt counts and for whom, nothing about the
 * answer. A host who names others gets a receipt that is as true, and that its own request cannot be settled with.
 */
export class AnswerDesk {
  readonly #options: AnswerDeskOptions;
  readonly #recent: RecentAnswers<InferAnswer>;
  readonly #closing = new AbortController();
  #pending = 0;
  #nextSeq = 0n;

  constructor(options: AnswerDeskOptions) {
    this.#options = options;
    this.#recent = new RecentAnswers(options.limits.remembered, ({ output }) => output.length);
  }

  /**
   * Answers a request, or gives the answer that it got.
   *
   * @throws OpenGradientError `ENCLAVE_REQUEST_DIFFERS`, `ENCLAVE_MODEL_UNKNOWN`, `ENCLAVE_BUSY`, `ENCLAVE_TOO_EARLY`,
   * `ENCLAVE_TOO_SLOW`, or what
   * the model's runtime or the input's form is refused with.
   */
  async answer(request: InferRequest): Promise<InferAnswer> {
    const key = requestKey(request);
    const terms = termsOf(request);
    const known = this.#recent.get(key);
    if (known) {
      if (known.terms !== terms) throw differs(request);
      return await known.answer;
    }
    const answer = this.#compute(request);
    this.#recent.add(key, { terms, answer });
    return await answer;
  }

  /**
   * Makes sure that a request would be answered, as far as can be told without computing the answer. Signs nothing.
   *
   * @throws OpenGradientError like `answer`.
   */
  async check(request: InferRequest): Promise<void> {
    const known = this.#recent.get(requestKey(request));
    if (known && known.terms !== termsOf(request)) throw differs(request);
    if (!known) this.#requireDue(request);
    await this.#runtimeOf(request).check(parseChatRequest(request.input));
  }

  /** Gives up what is being computed. */
  close(): void {
    this.#closing.abort(
      new OpenGradientError("ENCLAVE_BUSY", "The enclave is stopping.", "Ask again once it runs."),
    );
  }

  /** The clock never goes back: what begins now ends no earlier. */
  #requireDue({ notBefore }: InferRequest): void {
    const now = this.#options.clock.now();
    if (now < notBefore) throw tooEarly(now, notBefore);
  }

  async #compute(request: InferRequest): Promise<InferAnswer> {
    const { limits, clock } = this.#options;
    this.#requireDue(request);
    const runtime = this.#runtimeOf(request);
    const chat = parseChatRequest(request.input);
    if (this.#pending >= limits.pending) throw busy(limits.pending);
    this.#pending++;
    const timeout = AbortSignal.timeout(limits.answerMs);
    const signal = AbortSignal.any([timeout, this.#closing.signal]);
    try {
      const startedAt = clock.now();
      const generation = await runtime.generate(chat, { signal });
      // A runtime that was too fast to notice: what was given up is not signed.
      signal.throwIfAborted();
      return this.#sign(request, { startedAt, generation });
    } catch (error) {
      throw timeout.aborted ? tooSlow(limits.answerMs, error) : error;
    } finally {
      this.#pending--;
    }
  }

  /** In one go: nothing else runs between taking a number and using it. */
  #sign(
    { settlement, claim, payer, fee, input }: InferRequest,
    { startedAt, generation }: { startedAt: bigint; generation: Generation },
  ): InferAnswer {
    const output = toUtf8Bytes(generation.text);
    const statement = {
      payer,
      inputUnits: BigInt(generation.inputTokens),
      outputUnits: BigInt(generation.outputTokens),
      fee,
      startedAt,
      completedAt: this.#options.clock.now(),
      seq: this.#nextSeq,
      evidenceHash: this.#options.evidenceHash,
    };
    const receipt = attestedReceipt({
      claim: { ...claim, inputHash: keccak256(input) },
      output,
      statement,
    });
    const signature = this.#options.key.sign(receiptDigest(settlement, receipt));
    this.#nextSeq++;
    return { output, statement, signature };
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
