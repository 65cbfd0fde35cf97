import { randomInt, randomUUID } from "node:crypto";
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { failureResponse, GatewayError } from "./failure.ts";
import type { Generation, Runtime } from "../runtimes/runtime.ts";
import { canonicalRequest, CHAT_ROLES, type ChatRequest } from "../../sdk/chat-request.ts";

/** Bodies may escape more than canonical requests, and so be longer. */
const MAX_BODY_BYTES = 1_048_576;

/** What OpenAI's clients get if they do not say. */
const DEFAULT_TEMPERATURE = 1;
const DEFAULT_MAX_TOKENS = 256;

const SEEDS = 2 ** 31;

/**
 * What this gateway takes of OpenAI's protocol. Whatever else it has (tools, several choices, penalties, …) would change the
 * answer, and is refused instead of ignored.
 */
const bodySchema = z.strictObject({
  model: z.string(),
  messages: z.array(z.strictObject({ role: z.enum(CHAT_ROLES), content: z.string() })),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  seed: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  n: z.literal(1).nullish(),
  /** Says who asks, and nothing about the answer. */
  user: z.string().nullish(),
});

type Body = z.output<typeof bodySchema>;

/** A request that was understood, and what is to answer it. */
interface Job {
  readonly runtime: Runtime;
  readonly request: ChatRequest;
  readonly signal: AbortSignal;
  readonly head: AnswerHead;
}

/** What every part of an answer begins with. */
interface AnswerHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/**
 * OpenAI's `/v1/chat/completions` and `/v1/models` over some runtimes, each under its name. Answers name, beside what OpenAI's
 * have, the request as it was applied, defaults and seed included (`opengradient.request`), and the model's content hash.
 */
export function createChatGateway(runtimes: readonly Runtime[]): Hono {
  const byName = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
  const startedAt = now();
  const app = new Hono();
  app.onError((error) => failureResponse(error));
  app.notFound(({ req }) =>
    failureResponse(new GatewayError(404, "not_found", `There is no ${req.method} ${req.path}.`)),
  );
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () =>
        failureResponse(
          new GatewayError(413, "body_too_large", `Bodies have at most ${MAX_BODY_BYTES} bytes.`),
        ),
    }),
  );
  app.get("/v1/models", (context) =>
    context.json({
      object: "list",
      data: [...byName.values()].map((runtime) => modelObject(runtime, startedAt)),
    }),
  );
  app.get("/v1/models/:model", (context) =>
    context.json(modelObject(find(byName, context.req.param("model")), startedAt)),
  );
  app.post("/v1/chat/completions", async (context) => {
    const body = await readBody(context);
    const runtime = find(byName, body.model);
    const request = requestOf(body, runtime.describe().contextLength);
    const head = { id: `chatcmpl-${randomUUID()}`, created: now(), model: runtime.name };
    const job = { runtime, request, head, signal: context.req.raw.signal };
    if (body.stream === true)
      return streamAnswer(context, job, body.stream_options?.include_usage === true);
    return context.json(await answer(job));
  });
  return app;
}

function find(runtimes: ReadonlyMap<string, Runtime>, name: string): Runtime {
  const runtime = runtimes.get(name);
  if (runtime !== undefined) return runtime;
  const message = `There is no model "${name}" here; there are: ${[...runtimes.keys()].join(", ")}.`;
  throw new GatewayError(404, "model_not_found", message, { parameter: "model" });
}

async function readBody(context: Context): Promise<Body> {
  let json: unknown;
  try {
    json = await context.req.json();
  } catch (cause) {
    throw new GatewayError(400, "body_invalid", "The body is not JSON.", { cause });
  }
  const parsed = bodySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const parameter =
    issue?.code === "unrecognized_keys" ? issue.keys.join(", ") : issue?.path.join(".");
  const message =
    issue?.code === "unrecognized_keys"
      ? `Not supported here, and so refused: ${issue.keys.join(", ")}.`
      : `${parameter ?? "The body"}: ${issue?.message ?? "is not valid"}.`;
  throw new GatewayError(400, "parameter_invalid", message, { parameter, cause: parsed.error });
}

/** The request that a body stands for: what clients leave out is decided here, once, and said in the answer. */
function requestOf(body: Body, contextLength: number): ChatRequest {
  const { messages, seed, stop } = body;
  const temperature = body.temperature ?? DEFAULT_TEMPERATURE;
  return {
    messages,
    max_tokens: maxTokensOf(body, contextLength),
    seed: seed ?? randomInt(SEEDS),
    temperature,
    // Where nothing is drawn these mean nothing, and clients send them all the same.
    ...(temperature !== 0 && drawsOf(body)),
    ...(stop != null && { stop: typeof stop === "string" ? [stop] : stop }),
  };
}

function drawsOf({ top_k, top_p }: Body) {
  return { ...(top_p != null && { top_p }), ...(top_k != null && { top_k }) };
}

function maxTokensOf(
  { max_tokens: old, max_completion_tokens: current }: Body,
  contextLength: number,
): number {
  if (old != null && current != null && old !== current)
    throw new GatewayError(
      400,
      "parameter_invalid",
      "max_tokens and max_completion_tokens contradict each other.",
      { parameter: "max_tokens" },
    );
  const fallback = Math.max(1, Math.min(DEFAULT_MAX_TOKENS, Math.floor(contextLength / 2)));
  return current ?? old ?? fallback;
}

async function answer(job: Job): Promise<object> {
  const { runtime, request, head, signal } = job;
  const applied = appliedTo(job);
  const generation = await runtime.generate(request, { signal });
  const message = { role: "assistant", content: generation.text, refusal: null };
  const choice = { index: 0, message, logprobs: null, finish_reason: generation.finishReason };
  return {
    ...head,
    object: "chat.completion",
    choices: [choice],
    usage: usageOf(generation),
    ...applied,
  };
}

/** Fails as a whole until the first piece of text is there; from then on, failures are a part of the stream. */
async function streamAnswer(context: Context, job: Job, isUsageWanted: boolean): Promise<Response> {
  const chunk = (content: object) =>
    JSON.stringify({ ...job.head, object: "chat.completion.chunk", ...content });
  const step = (delta: object, finishReason: string | null = null, more: object = {}) =>
    chunk({
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...more,
    });
  const applied = appliedTo(job);
  const { pieces, generation } = await started(job);
  return streamSSE(context, async (stream) => {
    const say = (data: string) => stream.writeSSE({ data });
    try {
      await say(step({ role: "assistant", content: "" }, null, applied));
      for await (const piece of pieces) await say(step({ content: piece }));
      const done = await generation;
      await say(step({}, done.finishReason));
      if (isUsageWanted) await say(chunk({ choices: [], usage: usageOf(done) }));
      await say("[DONE]");
    } catch (error) {
      await say(await failureResponse(error).text());
    }
  });
}

/** Starts an answer, and waits until its text begins. */
async function started({ runtime, request, signal }: Job) {
  const begun = Promise.withResolvers<undefined>();
  const queue = new TransformStream<string, string>({}, { highWaterMark: Infinity });
  const writer = queue.writable.getWriter();
  const generation = runtime.generate(request, {
    signal,
    onText: (piece) => {
      void writer.write(piece).catch(() => undefined);
      begun.resolve(undefined);
    },
  });
  generation
    .then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    )
    .catch(() => undefined);
  await Promise.race([begun.promise, generation]);
  return { pieces: queue.readable, generation };
}

function appliedTo({ runtime: { contentHash }, request }: Job) {
  const bytes = canonicalRequest(request);
  return { opengradient: { contentHash, request: new TextDecoder().decode(bytes) } };
}

function usageOf({ inputTokens, outputTokens }: Generation) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

function modelObject({ name, contentHash }: Runtime, created: number) {
  return {
    id: name,
    object: "model",
    created,
    owned_by: "opengradient",
    content_hash: contentHash,
  };
}

/** In seconds. */
function now(): number {
  return Math.floor(Date.now() / 1_000);
}
