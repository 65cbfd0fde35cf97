import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from "openai";
import { z } from "zod";
import { RequestLine } from "./request-line.ts";
import type {
  Embedding,
  EmbedOptions,
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationBound,
  Runtime,
  RuntimeDescription,
} from "./runtime.ts";
import { packVectors, requireKind } from "./vectors.ts";
import type { ChatRequest } from "../../sdk/chat-request.ts";
import type { CompletionRequest, TextRequest } from "../../sdk/completion-request.ts";
import type { EmbeddingRequest } from "../../sdk/embedding-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import {
  readLanguageModel,
  type LanguageModel,
  type ServerManifest,
} from "../../sdk/language-model.ts";
import { asksForVectors, type ModelRequest } from "../../sdk/model-request.ts";

export interface ServerOptions {
  /** Where the server's API begins, such as `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  /** What the server asks for, if it does. */
  readonly apiKey?: string;
  /** How long an attempt may take until the server begins to answer. */
  readonly timeoutMs?: number;
  /** Further attempts where the server is busy, broken or out of reach. */
  readonly retries?: number;
  /** Requests that are at the server at the same time. */
  readonly parallel?: number;
  /** Requests that may wait beside them. */
  readonly maxWaiting?: number;
}

/** Longer tokens than any vocabulary has: a text beyond it is not what the server counted. */
const MAX_BYTES_PER_TOKEN = 512;

/** More tokens than models put around a text. */
const MARKS = 16;

const finishSchema = z.enum(["stop", "length"]);

const usageSchema = z.object({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
});

/** What of a server's answer is relied on; servers say much else. */
const answerSchema = z.object({
  choices: z
    .array(z.object({ message: z.object({ content: z.string() }), finish_reason: finishSchema }))
    .length(1),
  usage: usageSchema,
});

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }),
        finish_reason: finishSchema.nullish(),
      }),
    )
    .max(1),
  usage: usageSchema.nullish(),
});

/** The same of continued texts. */
const textAnswerSchema = z.object({
  choices: z.array(z.object({ text: z.string(), finish_reason: finishSchema })).length(1),
  usage: usageSchema,
});

const textChunkSchema = z.object({
  choices: z
    .array(z.object({ text: z.string().nullish(), finish_reason: finishSchema.nullish() }))
    .max(1),
  usage: usageSchema.nullish(),
});

const vectorsSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })),
  usage: usageSchema.pick({ prompt_tokens: true }),
});

/** What a piece of a stream says. */
interface Step {
  readonly piece: string;
  readonly finishReason: FinishReason | undefined;
  readonly usage: z.output<typeof usageSchema> | undefined;
}

/**
 * Runs a model at any server that speaks OpenAI's protocol, such as vLLM. That the server runs the model of that name, with
 * these weights and as asked, and that it counts tokens right, is its word: the manifest says so.
 */
export class ServerRuntime implements Runtime {
  readonly name: string;
  readonly device: string;
  readonly contentHash: string;
  readonly #manifest: ServerManifest;
  readonly #client: OpenAI;
  readonly #requests: RequestLine<number>;

  private constructor({ manifest, contentHash }: ServerModel, options: ServerOptions) {
    const { url: baseURL, apiKey, parallel = 32, maxWaiting = 256 } = options;
    const { timeoutMs: timeout = 120_000, retries: maxRetries = 2 } = options;
    this.name = manifest.name;
    this.contentHash = contentHash;
    this.device = `server at ${new URL(baseURL).host}`;
    this.#manifest = manifest;
    this.#requests = new RequestLine({
      name: manifest.name,
      things: Array.from({ length: parallel }, (_, place) => place),
      maxWaiting,
      release: () => Promise.resolve(),
    });
    // Without any, the client would look for the user's own key in the environment and send it to this server.
    this.#client = new OpenAI({ baseURL, apiKey: apiKey ?? "none", timeout, maxRetries });
  }

  /**
   * Reads a package, and makes sure that the server is there and has the model.
   *
   * @throws OpenGradientError `LANGUAGE_MODEL_MISSING`, `LANGUAGE_MODEL_INVALID`, or what `generate` may meet.
   */
  static async open(folder: string, options: ServerOptions): Promise<ServerRuntime> {
    const runtime = new ServerRuntime(
      requireServed(folder, await readLanguageModel(folder)),
      options,
    );
    await runtime.#requireModel();
    return runtime;
  }

  describe(): RuntimeDescription {
    const { name: model, contentHash, device } = this;
    const { contextLength, runtime } = this.#manifest;
    const { parallel } = this.#requests;
    return { runtime, model, contentHash, device, contextLength, parallel };
  }

  /** How many tokens a prompt has, only the server can tell: at most as many as the answer leaves of the context. */
  check(request: ModelRequest): Promise<GenerationBound> {
    return Promise.resolve(this.#manifest).then((manifest) => {
      requireKind(manifest, request);
      return asksForVectors(request)
        ? { inputTokens: mostTokens(request, manifest), outputTokens: 0 }
        : boundOf(request, manifest);
    });
  }

  async generate(request: TextRequest, options: GenerateOptions = {}): Promise<Generation> {
    const { onText, signal: given } = options;
    return this.#requests.run(async (_, signal) => {
      requireKind(this.#manifest, request);
      try {
        const generation = await (onText === undefined
          ? this.#ask(request, signal)
          : this.#stream(request, onText, signal));
        requirePlausible(generation, request);
        return generation;
      } catch (cause) {
        throw this.#failure(cause);
      }
    }, given);
  }

  async embed(request: EmbeddingRequest, { signal: given }: EmbedOptions = {}): Promise<Embedding> {
    return this.#requests.run(async (_, signal) => {
      requireKind(this.#manifest, request);
      try {
        return await this.#embed(request, signal);
      } catch (cause) {
        throw this.#failure(cause);
      }
    }, given);
  }

  close(): Promise<void> {
    return this.#requests.close();
  }

  async #embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Embedding> {
    const { model } = this.#manifest;
    const said = await this.#client.embeddings.create(
      { model, input: [...request.input], encoding_format: "float" },
      { signal },
    );
    const { data, usage } = vectorsSchema.parse(said);
    const { prompt_tokens: inputTokens } = usage;
    requireAll(data, request);
    requireCount(inputTokens, mostTokens(request, this.#manifest));
    return { vectors: packVectors(data.map(({ embedding }) => embedding)), inputTokens };
  }

  async #ask(request: TextRequest, signal: AbortSignal): Promise<Generation> {
    if ("prompt" in request) return this.#askToContinue(request, signal);
    const answer = answerSchema.parse(
      await this.#client.chat.completions.create(
        { ...this.#parameters(request), stream: false },
        { signal },
      ),
    );
    const [choice] = answer.choices;
    if (choice === undefined) throw new TypeError("the answer has no choice");
    return generationOf(choice.message.content, choice.finish_reason, answer.usage);
  }

  async #askToContinue(request: CompletionRequest, signal: AbortSignal): Promise<Generation> {
    const { choices, usage } = textAnswerSchema.parse(
      await this.#client.completions.create(
        { ...this.#parameters(request), stream: false },
        { signal },
      ),
    );
    const [choice] = choices;
    if (choice === undefined) throw new TypeError("the answer has no choice");
    return generationOf(choice.text, choice.finish_reason, usage);
  }

  async #stream(
    request: TextRequest,
    onText: (piece: string) => void,
    signal: AbortSignal,
  ): Promise<Generation> {
    const steps =
      "prompt" in request ? this.#continued(request, signal) : this.#said(request, signal);
    let text = "";
    let finishReason: FinishReason | undefined;
    let usage: z.output<typeof usageSchema> | undefined;
    for await (const { piece, finishReason: ended, usage: counted } of steps) {
      finishReason = ended ?? finishReason;
      usage = counted ?? usage;
      if (piece === "") continue;
      text += piece;
      requireLength(text, request.max_tokens);
      onText(piece);
    }
    return generationOf(text, finishSchema.parse(finishReason), usageSchema.parse(usage));
  }

  async *#said(request: ChatRequest, signal: AbortSignal): AsyncGenerator<Step, void> {
    const stream = await this.#client.chat.completions.create(
      { ...this.#parameters(request), ...STREAMED },
      { signal },
    );
    for await (const chunk of stream) {
      const { choices, usage } = chunkSchema.parse(chunk);
      yield stepOf(choices[0]?.delta.content, choices[0]?.finish_reason, usage);
    }
  }

  async *#continued(request: CompletionRequest, signal: AbortSignal): AsyncGenerator<Step, void> {
    const stream = await this.#client.completions.create(
      { ...this.#parameters(request), ...STREAMED },
      { signal },
    );
    for await (const chunk of stream) {
      const { choices, usage } = textChunkSchema.parse(chunk);
      yield stepOf(choices[0]?.text, choices[0]?.finish_reason, usage);
    }
  }

  /**
   * Everything that the request says, by the server's names. What it leaves out is off, where the protocol has a way to say
   * so; `top_k` is no part of it, and servers that do not know it refuse it.
   */
  #parameters<R extends TextRequest>({ stop, top_p = 1, top_k, ...rest }: R) {
    return {
      ...rest,
      model: this.#manifest.model,
      top_p,
      n: 1,
      ...(top_k !== undefined && { top_k }),
      ...(stop !== undefined && { stop: [...stop] }),
    };
  }

  async #requireModel(): Promise<void> {
    const { model } = this.#manifest;
    let names: string[];
    try {
      names = (await this.#client.models.list()).data.map(({ id }) => id);
    } catch (cause) {
      // Some servers have no list.
      if (cause instanceof APIError && cause.status === 404) return;
      throw this.#failure(cause);
    }
    if (names.includes(model)) return;
    throw new OpenGradientError(
      "RUNTIME_REFUSED",
      `The ${this.device} does not serve "${model}".`,
      `Name one that it serves: ${names.join(", ")}.`,
    );
  }

  #failure(cause: unknown): OpenGradientError {
    const who = `The ${this.device}`;
    if (cause instanceof OpenGradientError) return cause;
    if (cause instanceof z.ZodError)
      return new OpenGradientError(
        "RUNTIME_FAILED",
        `${who} answered something else than OpenAI's protocol says: ${z.prettifyError(cause)}`,
        "Use a server that counts tokens (usage), also when streaming (stream_options).",
        { cause },
      );
    if (cause instanceof APIConnectionTimeoutError || cause instanceof APIConnectionError)
      return new OpenGradientError(
        "RUNTIME_UNREACHABLE",
        `${who} cannot be reached: ${cause.message}`,
        "Check that it runs, and its address.",
        { cause },
      );
    if (cause instanceof APIError && !(cause instanceof APIUserAbortError))
      return refusal(who, cause);
    const said = cause instanceof Error ? cause.message : String(cause);
    const hint = "Ask again; if it fails again, look at the server's log.";
    return new OpenGradientError("RUNTIME_FAILED", `${who} broke off: ${said}`, hint, { cause });
  }
}

const STREAMED = { stream: true, stream_options: { include_usage: true } } as const;

function stepOf(
  piece: string | null | undefined,
  finishReason: FinishReason | null | undefined,
  usage: z.output<typeof usageSchema> | null | undefined,
): Step {
  return { piece: piece ?? "", finishReason: finishReason ?? undefined, usage: usage ?? undefined };
}

function refusal(who: string, cause: Error & { readonly status: unknown }): OpenGradientError {
  const status = typeof cause.status === "number" ? cause.status : undefined;
  if (status === 429)
    return new OpenGradientError(
      "RUNTIME_BUSY",
      `${who} is busy: ${cause.message}`,
      "Ask again in a moment.",
      { cause },
    );
  if (status === undefined || status >= 500)
    return new OpenGradientError(
      "RUNTIME_FAILED",
      `${who} failed: ${cause.message}`,
      "Ask again; if it fails again, look at the server's log.",
      { cause },
    );
  return new OpenGradientError(
    "RUNTIME_REFUSED",
    `${who} refuses the request: ${cause.message}`,
    "Correct what it names; the model's name and key are in the worker's configuration.",
    { cause },
  );
}

function generationOf(
  text: string,
  finishReason: FinishReason,
  usage: z.output<typeof usageSchema>,
): Generation {
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
  return { text, inputTokens, outputTokens, finishReason };
}

/** @throws OpenGradientError `CONTEXT_EXCEEDED`. */
function boundOf(
  { max_tokens: maxTokens }: TextRequest,
  { contextLength }: ServerManifest,
): GenerationBound {
  if (maxTokens < contextLength)
    return { inputTokens: contextLength - maxTokens, outputTokens: maxTokens };
  throw new OpenGradientError(
    "CONTEXT_EXCEEDED",
    `An answer of ${maxTokens} tokens leaves nothing of the ${contextLength} of the model's context for a prompt.`,
    "Ask for a shorter answer (max_tokens).",
  );
}

/** Most tokens of texts: no vocabulary makes more of them than they have bytes, beside what marks their ends. */
function mostTokens({ input }: EmbeddingRequest, { contextLength }: ServerManifest): number {
  const each = input.map((it) => Math.min(contextLength, Buffer.byteLength(it) + MARKS));
  return each.reduce((sum, tokens) => sum + tokens, 0);
}

/** One vector for each text, in the same order. */
function requireAll(data: readonly { readonly index: number }[], { input }: EmbeddingRequest) {
  if (data.length === input.length && data.every(({ index }, place) => index === place)) return;
  throw new OpenGradientError(
    "RUNTIME_FAILED",
    `The server does not give one vector for each of ${input.length} texts, in their order.`,
    "Use a server that keeps to OpenAI's protocol.",
  );
}

function requireCount(tokens: number, most: number): void {
  if (tokens <= most) return;
  throw new OpenGradientError(
    "RUNTIME_FAILED",
    `The server counts ${tokens} tokens in texts that have ${most} at the most.`,
    "Use a server that counts the tokens of the texts that it was given.",
  );
}

/** A server that gave or counted more than was asked for is not billed to the payer. */
function requirePlausible({ text, outputTokens }: Generation, { max_tokens }: TextRequest): void {
  requireLength(text, max_tokens);
  if (outputTokens <= max_tokens) return;
  throw new OpenGradientError(
    "RUNTIME_FAILED",
    `The server counts ${outputTokens} tokens; ${max_tokens} were asked for at the most.`,
    "Use a server that keeps to max_tokens.",
  );
}

function requireLength({ length }: string, maxTokens: number): void {
  if (length <= maxTokens * MAX_BYTES_PER_TOKEN) return;
  throw new OpenGradientError(
    "RUNTIME_FAILED",
    `The server answers with more than ${maxTokens} tokens can hold.`,
    "Use a server that keeps to max_tokens.",
  );
}

type ServerModel = Extract<LanguageModel, { readonly manifest: ServerManifest }>;

function requireServed(folder: string, model: LanguageModel): ServerModel {
  if (model.weightsFile === undefined) return model;
  throw new OpenGradientError(
    "LANGUAGE_MODEL_INVALID",
    `The model in "${folder}" has its weights: it is not at a server.`,
    'Run it with the runtime "llama".',
  );
}
