import { id } from "ethers";
import type {
  Embedding,
  EmbedOptions,
  GenerateOptions,
  Generation,
  GenerationBound,
  Runtime,
  RuntimeDescription,
} from "../runtimes/runtime.ts";
import { packVectors } from "../runtimes/vectors.ts";
import type { TextRequest } from "../../sdk/completion-request.ts";
import type { EmbeddingRequest } from "../../sdk/embedding-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { asksForVectors, type ModelRequest } from "../../sdk/model-request.ts";

/** Says what it is told, at once or when it is let; the vector of a text is its length and a half. For tests of what stands around a runtime. */
export class EchoRuntime implements Runtime {
  readonly name: string;
  readonly device = "nothing";
  readonly contentHash: string;
  /** How often it was asked. */
  runs = 0;
  #gate: Promise<void> | undefined;

  constructor(name = "echo") {
    this.name = name;
    this.contentHash = id(name);
  }

  /** Keeps answers back until the result is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve(undefined);
    };
  }

  describe(): RuntimeDescription {
    const { name: model, contentHash, device } = this;
    return { runtime: "echo", model, contentHash, device, contextLength: 1_000, parallel: 8 };
  }

  check(request: ModelRequest): Promise<GenerationBound> {
    if (asksForVectors(request))
      return Promise.resolve({ inputTokens: request.input.join("").length, outputTokens: 0 });
    const { contextLength } = this.describe();
    const { length } = textOf(request);
    if (request.max_tokens < contextLength)
      return Promise.resolve({ inputTokens: length, outputTokens: length + 1 });
    return Promise.reject(new OpenGradientError("CONTEXT_EXCEEDED", "Too long.", "Ask for less."));
  }

  async generate(
    request: TextRequest,
    { signal, onText }: GenerateOptions = {},
  ): Promise<Generation> {
    this.runs++;
    const text = textOf(request);
    if (this.#gate) await Promise.race([this.#gate, aborted(signal)]);
    signal?.throwIfAborted();
    if (text === "fail") throw new OpenGradientError("RUNTIME_FAILED", "It broke.", "Ask again.");
    for (const word of text.match(/\s*\S+|\s+$/g) ?? []) onText?.(word);
    return { text, inputTokens: text.length, outputTokens: text.length + 1, finishReason: "stop" };
  }

  async embed({ input }: EmbeddingRequest, { signal }: EmbedOptions = {}): Promise<Embedding> {
    this.runs++;
    if (this.#gate) await Promise.race([this.#gate, aborted(signal)]);
    signal?.throwIfAborted();
    const vectors = packVectors(input.map(({ length }) => [length, 0.5]));
    return { vectors, inputTokens: input.join("").length };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function textOf(request: TextRequest): string {
  return "prompt" in request ? request.prompt : (request.messages.at(-1)?.content ?? "");
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => {
      resolve();
    });
  });
}
