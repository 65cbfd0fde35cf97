import { OpenGradientError, type ErrorCode } from "../../sdk/errors.ts";
import type { Usage } from "../../sdk/price-quote.ts";
import type {
  AttestRequest,
  BatchRequest,
  EnclaveIdentity,
  InferAnswer,
  InferRequest,
} from "../enclave/protocol.ts";

/** Codes of what an enclave says about a question that it will never answer. */
const REFUSALS: readonly ErrorCode[] = [
  "CHAT_REQUEST_INVALID",
  "CONTEXT_EXCEEDED",
  "ENCLAVE_MODEL_UNKNOWN",
  "ENCLAVE_REQUEST_DIFFERS",
  "ENCLAVE_REQUEST_INVALID",
  "FEE_TOO_HIGH",
  "RUNTIME_REFUSED",
];

/** Why an enclave will never answer a question; `undefined` if it was something else that failed. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof OpenGradientError) || !REFUSALS.includes(error.code)) return undefined;
  return `${error.code}: ${error.message}`;
}

/** A running enclave, as its host sees it. */
export interface Enclave {
  /** Also tells that it is still there. */
  readonly identity: (signal?: AbortSignal) => Promise<EnclaveIdentity>;
  readonly attest: (request: AttestRequest, signal?: AbortSignal) => Promise<Uint8Array>;
  /** Why the enclave would not answer a question, without computing the answer; `undefined` if it would. */
  readonly check: (question: InferRequest, signal?: AbortSignal) => Promise<string | undefined>;
  /** @throws OpenGradientError with one of `REFUSALS` if the enclave does not answer this, however often it is asked. */
  readonly infer: (question: InferRequest, signal?: AbortSignal) => Promise<InferAnswer>;
  /** The same, with the text as it comes. */
  readonly stream: (
    question: InferRequest,
    onText: (piece: string) => void,
    signal?: AbortSignal,
  ) => Promise<InferAnswer>;
  /**
   * The most that an answer can use, without computing it.
   *
   * @throws OpenGradientError as `infer`.
   */
  readonly measure: (question: InferRequest, signal?: AbortSignal) => Promise<Usage>;
  /** The answer that was given before; `undefined` if the enclave knows none. */
  readonly recall: (
    question: InferRequest,
    signal?: AbortSignal,
  ) => Promise<InferAnswer | undefined>;
  /** Signs a batch of its receipts; `undefined` if it does not know all of them any more. */
  readonly signBatch: (request: BatchRequest, signal?: AbortSignal) => Promise<string | undefined>;
}

/** What the enclave does not know is no failure: `undefined` stands for it. */
export async function unlessUnknown<T>(said: Promise<T>): Promise<T | undefined> {
  try {
    return await said;
  } catch (error) {
    if (error instanceof OpenGradientError && error.code === "ENCLAVE_UNKNOWN") return undefined;
    throw error;
  }
}
