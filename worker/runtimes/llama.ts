import {
  getLlama,
  LlamaContextSequence,
  LlamaEmbeddingContext,
  LlamaLogLevel,
  type Llama,
  type LlamaModel,
  type Token,
} from "node-llama-cpp";
import { AnswerText, type TextRules } from "./answer-text.ts";
import { requireGguf } from "./gguf.ts";
import { piecesOf } from "./prompt.ts";
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
import { tokenise, vectorsOf, type TokenisedTexts } from "./text-vectors.ts";
import { SpokenTokens, TemplateTokens } from "./tokens.ts";
import { requireKind } from "./vectors.ts";
import type { TextRequest } from "../../sdk/completion-request.ts";
import type { EmbeddingRequest } from "../../sdk/embedding-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import {
  readLanguageModel,
  type GgufManifest,
  type LanguageModel,
} from "../../sdk/language-model.ts";
import { asksForVectors, type ModelRequest } from "../../sdk/model-request.ts";

export interface LlamaOptions {
  /** `auto` takes the best accelerator there is, `false` none. */
  readonly gpu?: "auto" | false;
  /** Processor threads for one request. Without it: one for weights of less than 100 MB, else llama.cpp's choice. */
  readonly threads?: number;
  /** Requests that are computed at the same time; each needs memory for a context of its own. */
  readonly parallel?: number;
  /** Requests that may wait beside them. */
  readonly maxWaiting?: number;
}

/** Threads that wait for each other cost more than they bring while the weights fit into a cache. */
const TINY_WEIGHTS_BYTES = 100_000_000;

/** Tokens of a prompt that are computed at once. */
const BATCH = 512;

/** A context that one request for text at a time has to itself. */
type Sequence = LlamaContextSequence;

/** What one request at a time has to itself: all of a model's are for text, or all for vectors. */
type Place = Sequence | LlamaEmbeddingContext;

/**
 * Runs a GGUF file in this process, by llama.cpp.
 *
 * Each request that is under way has a context of its own, in its own batches: what others ask at the same time changes
 * neither an answer nor its rounding. The context is emptied before each request, and the sampler is new.
 */
export class LlamaRuntime implements Runtime {
  readonly name: string;
  readonly device: string;
  readonly contentHash: string;
  readonly #manifest: GgufManifest;
  readonly #engine: Engine;
  readonly #requests: RequestLine<Place>;
  readonly #template: TemplateTokens;

  private constructor({ manifest, contentHash }: GgufModel, engine: Engine, maxWaiting: number) {
    this.name = manifest.name;
    this.contentHash = contentHash;
    this.device = engine.device;
    this.#manifest = manifest;
    this.#engine = engine;
    this.#requests = new RequestLine({
      name: manifest.name,
      things: engine.places,
      maxWaiting,
      release: () => engine.llama.dispose(),
    });
    this.#template = new TemplateTokens(engine.model, manifest.prompt);
  }

  /**
   * Loads a package's weights, after they were checked against its manifest.
   *
   * @throws OpenGradientError `LANGUAGE_MODEL_MISSING`, `LANGUAGE_MODEL_INVALID`, or `RUNTIME_FAILED` if there is not enough
   * memory for it.
   */
  static async open(folder: string, options: LlamaOptions = {}): Promise<LlamaRuntime> {
    const model = requireWeights(folder, await readLanguageModel(folder));
    await requireGguf(model.weightsFile);
    const engine = await startEngine(model, options);
    try {
      return new LlamaRuntime(model, engine, options.maxWaiting ?? 64);
    } catch (error) {
      await engine.llama.dispose();
      throw error;
    }
  }

  describe(): RuntimeDescription {
    const { name: model, contentHash, device } = this;
    const { contextLength, runtime } = this.#manifest;
    const { parallel } = this.#requests;
    return { runtime, model, contentHash, device, contextLength, parallel };
  }

  check(request: ModelRequest): Promise<GenerationBound> {
    return Promise.resolve(request).then((it) =>
      asksForVectors(it)
        ? { inputTokens: this.#texts(it).inputTokens, outputTokens: 0 }
        : { inputTokens: this.#prompt(it).length, outputTokens: it.max_tokens },
    );
  }

  async generate(request: TextRequest, options: GenerateOptions = {}): Promise<Generation> {
    const { onText = () => undefined, signal: given } = options;
    return this.#requests.run(async (place, signal) => {
      const prompt = this.#prompt(request);
      const sequence = sequenceOf(place);
      try {
        return await this.#answer(sequence, { request, prompt, onText, signal });
      } catch (cause) {
        throw this.#failure(cause);
      }
    }, given);
  }

  async embed(request: EmbeddingRequest, { signal: given }: EmbedOptions = {}): Promise<Embedding> {
    return this.#requests.run(async (place, signal) => {
      const texts = this.#texts(request);
      const context = embedderOf(place);
      try {
        return await vectorsOf(texts, context, signal);
      } catch (cause) {
        throw cause instanceof OpenGradientError ? cause : this.#failure(cause);
      }
    }, given);
  }

  close(): Promise<void> {
    return this.#requests.close();
  }

  /** @throws OpenGradientError `CONTEXT_EXCEEDED`: nothing is cut off silently, neither of the prompt nor of the answer. */
  #prompt(request: TextRequest): Token[] {
    requireKind(this.#manifest, request);
    const { max_tokens: maxTokens } = request;
    const prompt = this.#template.tokenize(piecesOf(this.#manifest.prompt, request));
    const { contextLength } = this.#manifest;
    if (prompt.length + maxTokens <= contextLength) return prompt;
    throw new OpenGradientError(
      "CONTEXT_EXCEEDED",
      `The prompt has ${prompt.length} tokens; with ${maxTokens} of the answer these are more than the ${contextLength} of the model's context.`,
      "Ask with less text, or for a shorter answer (max_tokens).",
    );
  }

  /** @throws OpenGradientError `CONTEXT_EXCEEDED` if one of the texts is too long: nothing is cut off. */
  #texts(request: EmbeddingRequest): TokenisedTexts {
    requireKind(this.#manifest, request);
    const { model, places } = this.#engine;
    const context = embedderOf(places[0]);
    return tokenise(request, { model, context }, this.#manifest);
  }

  async #answer(
    sequence: Sequence,
    { request, prompt, onText, signal }: Task,
  ): Promise<Generation> {
    const answer = new AnswerText(textRules(this.#manifest, request), onText);
    const spoken = new SpokenTokens(this.#engine.model, prompt);
    let outputTokens = 0;
    let finishReason: FinishReason = "length";
    await sequence.clearHistory();
    for await (const token of draws(sequence, prompt, request, signal)) {
      outputTokens++;
      const ends = this.#template.ends(token);
      if (!ends) answer.add(spoken.add(token));
      if (ends || answer.isStopped) {
        finishReason = "stop";
        break;
      }
      if (outputTokens === request.max_tokens) break;
    }
    answer.add(spoken.end());
    answer.end();
    return { text: answer.text, inputTokens: prompt.length, outputTokens, finishReason };
  }

  #failure(cause: unknown): OpenGradientError {
    const said = cause instanceof Error ? cause.message : String(cause);
    return new OpenGradientError(
      "RUNTIME_FAILED",
      `llama.cpp failed to answer: ${said}`,
      "Ask again; if it fails again, restart the runtime.",
      { cause },
    );
  }
}

/** A model that was asked for what its manifest says it does has places for it. */
function sequenceOf(place: Place): Sequence {
  if (place instanceof LlamaContextSequence) return place;
  throw new TypeError("the model has contexts for vectors, not for text");
}

function embedderOf(place: Place | undefined): LlamaEmbeddingContext {
  if (place instanceof LlamaEmbeddingContext) return place;
  throw new TypeError("the model has contexts for text, not for vectors");
}

interface Task {
  readonly request: TextRequest;
  readonly prompt: readonly Token[];
  readonly onText: (piece: string) => void;
  readonly signal: AbortSignal;
}

/** How an answer ends and begins is the model's to say, in a conversation; a text is continued as it comes. */
function textRules({ stop, trimStart }: GgufManifest, request: TextRequest): TextRules {
  const asked = request.stop ?? [];
  return "prompt" in request
    ? { stop: asked, trimStart: false }
    : { stop: [...stop, ...asked], trimStart };
}

/** Computes a prompt, then token after token. What a request leaves out is off, not at llama.cpp's defaults. */
async function* draws(
  sequence: Sequence,
  prompt: readonly Token[],
  { temperature, seed, top_k: topK = 0, top_p: topP = 1 }: TextRequest,
  signal: AbortSignal,
): AsyncGenerator<Token, void> {
  const { batchSize } = sequence.context;
  let start = 0;
  // In the steps in which it would be computed anyway, but with a chance to give up between them.
  for (; start + batchSize < prompt.length; start += batchSize) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(start, start + batchSize));
  }
  signal.throwIfAborted();
  const sampling = { temperature, seed, topK, topP, minP: 0, yieldEogToken: true };
  for await (const token of sequence.evaluate(prompt.slice(start), sampling)) {
    signal.throwIfAborted();
    yield token;
  }
}

type GgufModel = Extract<LanguageModel, { readonly weightsFile: string }>;

function requireWeights(folder: string, model: LanguageModel): GgufModel {
  if (model.weightsFile !== undefined) return model;
  throw new OpenGradientError(
    "LANGUAGE_MODEL_INVALID",
    `The model in "${folder}" has no weights: it is at a server.`,
    'Run it with the runtime "openai".',
  );
}

/** What llama.cpp holds for one model. */
interface Engine {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly places: readonly Place[];
  readonly device: string;
}

async function startEngine(
  { manifest, weightsFile }: GgufModel,
  { gpu = "auto", parallel = 1, threads }: LlamaOptions,
): Promise<Engine> {
  const complaints: string[] = [];
  const llama = await getLlama({
    gpu,
    // Libraries come with the package: nothing is compiled or downloaded.
    build: "never",
    skipDownload: true,
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    logger: (_level, message) => complaints.push(message.trim()),
  });
  try {
    const model = await llama.loadModel({ modelPath: weightsFile });
    const tinyThreads = manifest.weights.bytes < TINY_WEIGHTS_BYTES ? 1 : undefined;
    const places: Place[] = [];
    for (let i = 0; i < parallel; i++)
      places.push(await openPlace(model, manifest, threads ?? tinyThreads));
    return { llama, model, places, device: await deviceOf(llama, model) };
  } catch (cause) {
    await llama.dispose();
    throw unloadable(weightsFile, complaints, cause);
  }
}

async function openPlace(
  model: LlamaModel,
  { contextLength, embeds }: GgufManifest,
  threads: number | undefined,
): Promise<Place> {
  if (embeds === true)
    return model.createEmbeddingContext({
      // The library wants one place to be free.
      contextSize: contextLength + 1,
      // Whole texts: each token may depend on all others.
      batchSize: contextLength,
      ...(threads !== undefined && { threads }),
    });
  const context = await model.createContext({
    contextSize: contextLength,
    batchSize: Math.min(BATCH, contextLength),
    sequences: 1,
    ...threadsOption(threads),
  });
  return context.getSequence();
}

function threadsOption(threads: number | undefined) {
  return threads === undefined ? {} : { threads: { ideal: threads, min: threads } };
}

async function deviceOf(llama: Llama, model: LlamaModel): Promise<string> {
  if (llama.gpu === false || model.gpuLayers === 0) return "CPU";
  const names = await llama.getGpuDeviceNames();
  return `${llama.gpu}: ${names.join(", ")} (${model.gpuLayers} layers)`;
}

function unloadable(file: string, complaints: readonly string[], cause: unknown) {
  const said = cause instanceof Error ? cause.message : String(cause);
  const isMemory = cause instanceof Error && cause.name === "InsufficientMemoryError";
  return new OpenGradientError(
    isMemory ? "RUNTIME_FAILED" : "LANGUAGE_MODEL_INVALID",
    `llama.cpp cannot load "${file}": ${[said, ...complaints].join("; ")}`,
    isMemory
      ? "Free memory, or serve fewer requests at the same time."
      : "Use a GGUF file that this version of llama.cpp knows.",
    { cause },
  );
}
