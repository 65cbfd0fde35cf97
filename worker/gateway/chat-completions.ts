import { randomInt, randomUUID } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import {
  chatBodySchema,
  chatRequestOf,
  completionBodySchema,
  completionRequestOf,
  readJson,
  type ChatBody,
  type CompletionBody,
  type TextDefaults,
} from "./bodies.ts";
import { failureResponse, GatewayError, tooLarge, toldFailure, unknownPath } from "./failure.ts";
import {
  CHAT,
  COMPLETION,
  now,
  streamedAnswer,
  textAnswer,
  type TextDialect,
} from "./text-answers.ts";
import { beginText } from "../runtimes/text-stream.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { canonicalRequest } from "../../sdk/chat-request.ts";
import { canonicalCompletion, type TextRequest } from "../../sdk/completion-request.ts";

/** Bodies may escape more than canonical requests, and so be longer. */
const MAX_BODY_BYTES = 1_048_576;

const SEEDS = 2 ** 31;

/** How long a client may take to receive a piece of a stream. */
const SEND_MS = 60_000;

export interface ChatGatewayOptions {
  /** Is told what failed here, of which clients get to know less. */
  readonly onFailure?: (error: unknown) => void;
}

/** A request that was understood, and what is to answer it. */
interface Job {
  readonly runtime: Runtime;
  readonly dialect: TextDialect;
  readonly request: TextRequest;
  readonly input: Uint8Array;
  readonly signal: AbortSignal;
}

/**
 * OpenAI's `/v1/chat/completions`, `/v1/completions` and `/v1/models` over some runtimes, each under its name, for whoever
 * reaches them: nothing is paid and no receipts are given. Answers name, beside what OpenAI's have, the request as it was
 * applied, defaults and seed included (`opengradient.request`), and the model's content hash.
 */
export function createChatGateway(
  runtimes: readonly Runtime[],
  { onFailure = () => undefined }: ChatGatewayOptions = {},
): Hono {
  const byName = new Map(runtimes.map((runtime) => [runtime.name, runtime]));
  const startedAt = now();
  const app = new Hono();
  app.onError((error) => {
    if (toldFailure(error).status >= 500) onFailure(error);
    return failureResponse(error);
  });
  app.notFound(({ req }) => failureResponse(unknownPath(req.method, req.path)));
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => failureResponse(tooLarge(MAX_BODY_BYTES)),
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
    const body = await readJson(context, chatBodySchema);
    const runtime = find(byName, body.model);
    const request = chatRequestOf(body, defaultsOf(runtime));
    const input = canonicalRequest(request);
    const { signal } = context.req.raw;
    return answer({ runtime, dialect: CHAT, request, input, signal }, { body, onFailure });
  });
  app.post("/v1/completions", async (context) => {
    const body = await readJson(context, completionBodySchema);
    const runtime = find(byName, body.model);
    const request = completionRequestOf(body, defaultsOf(runtime));
    const input = canonicalCompletion(request);
    const { signal } = context.req.raw;
    return answer({ runtime, dialect: COMPLETION, request, input, signal }, { body, onFailure });
  });
  return app;
}

function find(runtimes: ReadonlyMap<string, Runtime>, name: string): Runtime {
  const runtime = runtimes.get(name);
  if (runtime !== undefined) return runtime;
  const message = `There is no model "${name}" here; there are: ${[...runtimes.keys()].join(", ")}.`;
  throw new GatewayError(404, "model_not_found", message, { parameter: "model" });
}

function defaultsOf(runtime: Runtime): TextDefaults {
  const { contextLength } = runtime.describe();
  return { seed: () => randomInt(SEEDS), contextLength };
}

interface Wishes {
  readonly body: Pick<ChatBody | CompletionBody, "stream" | "stream_options">;
  readonly onFailure: (error: unknown) => void;
}

async function answer(job: Job, { body, onFailure }: Wishes): Promise<Response> {
  const { runtime, dialect, request, input, signal } = job;
  const head = { id: `${dialect.idPrefix}-${randomUUID()}`, created: now(), model: runtime.name };
  const opengradient = {
    contentHash: runtime.contentHash,
    request: new TextDecoder().decode(input),
  };
  if (body.stream !== true) {
    const generation = await runtime.generate(request, { signal });
    return Response.json({ ...textAnswer(dialect, head, generation), opengradient });
  }
  const text = await beginText((onText) => runtime.generate(request, { signal, onText }));
  const isUsageWanted = body.stream_options?.include_usage === true;
  const first = { opengradient };
  return streamedAnswer(
    { dialect, head, text, generationOf: (done) => done, isUsageWanted, first, onFailure },
    { sendMs: SEND_MS },
  );
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
