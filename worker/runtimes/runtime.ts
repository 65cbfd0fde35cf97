import type { TextRequest } from "../../sdk/completion-request.ts";
import type { EmbeddingRequest } from "../../sdk/embedding-request.ts";
import type { ModelRequest } from "../../sdk/model-request.ts";

/** Why an answer ended: the model or a stop text ended it, or it has as many tokens as the request allows. */
export type FinishReason = "stop" | "length";

/** An answer, and what it cost. */
export interface Generation {
  readonly text: string;
  /** Tokens of the whole prompt, with what the template puts around messages. */
  readonly inputTokens: number;
  /** Tokens that were computed after it: also those of a stop text, and the one that ends an answer. */
  readonly outputTokens: number;
  readonly finishReason: FinishReason;
}

/** The most that an answer can cost. */
export type GenerationBound = Pick<Generation, "inputTokens" | "outputTokens">;

/** Vectors of texts, and what they cost. */
export interface Embedding {
  /** All vectors, one after the other: 32-bit floats, little-endian. */
  readonly vectors: Uint8Array;
  /** Tokens of all texts, with those that the model puts around each. */
  readonly inputTokens: number;
}

export interface GenerateOptions {
  /** Gets the text piece by piece; the pieces together are the whole text. */
  readonly onText?: (piece: string) => void;
  /** Gives up; `generate` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export type EmbedOptions = Pick<GenerateOptions, "signal">;

/** What a runtime serves, and how. */
export interface RuntimeDescription {
  /** `llama` or `openai`. */
  readonly runtime: string;
  /** The model's name, for people. */
  readonly model: string;
  readonly contentHash: string;
  readonly device: string;
  readonly contextLength: number;
  /** Requests that are computed at the same time. */
  readonly parallel: number;
}

/** Runs one language model. What a request does not say is not applied, and no request sees anything of another. */
export interface Runtime {
  /** The model's name, for people. */
  readonly name: string;
  /** What it computes on, for people. */
  readonly device: string;
  /** Of the manifest and, where this runtime has the weights, of what it really loaded. */
  readonly contentHash: string;
  describe(): RuntimeDescription;
  /**
   * Makes sure that a request can be answered, as far as can be told without computing the answer, and says what the answer can
   * cost at most.
   *
   * @throws OpenGradientError `CHAT_REQUEST_INVALID` or `CONTEXT_EXCEEDED`, as `generate` and `embed`.
   */
  check(request: ModelRequest): Promise<GenerationBound>;
  /**
   * Answers a request for text.
   *
   * @throws OpenGradientError `CHAT_REQUEST_INVALID` for a role that the model has no template for, or of a model that turns
   * texts into vectors; `CONTEXT_EXCEEDED`, `RUNTIME_BUSY`, `RUNTIME_CLOSED`, or what else the runtime may meet.
   */
  generate(request: TextRequest, options?: GenerateOptions): Promise<Generation>;
  /**
   * Turns texts into vectors.
   *
   * @throws OpenGradientError `CHAT_REQUEST_INVALID` unless the model's manifest says that it embeds, or for more texts than
   * fit into an answer; otherwise like `generate`.
   */
  embed(request: EmbeddingRequest, options?: EmbedOptions): Promise<Embedding>;
  /** Ends what is under way and frees everything. May be called more than once. */
  close(): Promise<void>;
}
