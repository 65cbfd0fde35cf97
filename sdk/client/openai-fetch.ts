import { z } from "zod";
import { OpenGradientError, type ErrorCode } from "../errors.ts";
import type { TierName } from "../tiers.ts";
import { bytes32 } from "../wire.ts";
import { FORM_PATHS } from "./answer-forms.ts";
import { askOnce, askStream, type Asking, type Order } from "./ask.ts";
import { noNodeLeft } from "./choose-offers.ts";
import { callNode, parseJson, type Fetch } from "./http.ts";
import { ANSWER_FORMS, type AnswerForm } from "./node-directory.ts";
import { NodeFailure } from "./node-failure.ts";
import type { VerifiedChunk } from "./verified-stream.ts";

/** Names no host: the client chooses the node. */
export const OPENAI_BASE_URL = "https://nodes.opengradient.invalid/v1";

const bodySchema = z
  .object({
    model: z.string(),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().optional() }).loose().nullish(),
  })
  .loose();

type Body = z.output<typeof bodySchema>;

/** What an OpenAI client is told where there is no answer of a node to hand on. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  MODEL_NOT_OFFERED: 404,
  MODEL_AMBIGUOUS: 400,
  SPENDING_LIMIT: 402,
  NODE_BUSY: 429,
  NO_NODE_LEFT: 503,
  NODE_UNREACHABLE: 503,
};

const LIST_TIMEOUT_MS = 15_000;

/** Forms that models of language have; tensors are asked for with `infer`. */
type OpenAiForm = Exclude<AnswerForm, "tensor">;

/**
 * A `fetch` for the `openai` package. Whatever host it is asked for, the client's nodes answer, and only what their receipts show
 * is handed over. Keys of the app stay here: nodes get the body and nothing else.
 */
export function createOpenAiFetch(
  asking: Asking,
  { tier }: { readonly tier: TierName | undefined },
): Fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    try {
      const path = /\/v1(\/.*)$/.exec(new URL(request.url).pathname)?.[0] ?? "";
      const form = ANSWER_FORMS.find((each) => FORM_PATHS[each] === path);
      if (request.method === "GET") return await readAny(asking, path);
      if (form === undefined || form === "tensor") return unknownPath(path);
      return await answerTo(asking, { request, form, tier });
    } catch (error) {
      return failureResponse(error);
    }
  };
}

async function answerTo(
  asking: Asking,
  {
    request,
    form,
    tier,
  }: {
    readonly request: Request;
    readonly form: OpenAiForm;
    readonly tier: TierName | undefined;
  },
): Promise<Response> {
  const parsed = bodySchema.safeParse(parseJson(await request.text()));
  if (!parsed.success) return failed(400, "body_invalid", "The body is no request of a model.");
  const body = parsed.data;
  const nonce = bytes32.safeParse(request.headers.get("opengradient-nonce")).data;
  const order = { form, model: body.model, tier, body, nonce, signal: request.signal };
  if (body.stream === true && form !== "embedding")
    return streamed(await askStream(asking, { ...order, form }), body);
  return whole(await askOnce(asking, order satisfies Order));
}

function whole({ body, receipt: { requestId } }: Awaited<ReturnType<typeof askOnce>>): Response {
  const headers = { "content-type": "application/json", "opengradient-request-id": requestId };
  return new Response(body, { headers });
}

function streamed(
  { chunks }: Awaited<ReturnType<typeof askStream>>,
  { stream_options: options }: Body,
): Response {
  const headers = { "content-type": "text/event-stream" };
  const isUsageWanted = options?.include_usage === true;
  return new Response(ReadableStream.from(eventsOf(chunks, isUsageWanted)), { headers });
}

async function* eventsOf(
  chunks: AsyncGenerator<VerifiedChunk, void>,
  isUsageWanted: boolean,
): AsyncGenerator<Uint8Array, void> {
  const encoder = new TextEncoder();
  for await (const { chunk, hasChoice } of chunks) {
    // Apps that do not ask for usage need not know that there are chunks without a choice.
    if (hasChoice || isUsageWanted) yield encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  yield encoder.encode("data: [DONE]\n\n");
}

/** Lists of models and the like: nothing that a receipt is for. */
async function readAny({ directory }: Asking, path: string): Promise<Response> {
  if (!path.startsWith("/v1/models")) return unknownPath(path);
  const { offers, failures } = await directory.list();
  const [offer] = offers;
  if (offer === undefined) throw noNodeLeft(failures);
  const url = `${offer.url}${path}`;
  return callNode({ fetch, url, timeoutMs: LIST_TIMEOUT_MS });
}

function unknownPath(path: string): Response {
  return failed(404, "not_found", `Nothing is known of ${path} here.`);
}

/** What a node refused is handed on as it said it; everything else in the same shape. */
function failureResponse(error: unknown): Response {
  if (error instanceof NodeFailure && error.code === "NODE_REFUSED" && error.answer !== undefined) {
    const { status, text } = error.answer;
    return new Response(text, { status, headers: { "content-type": "application/json" } });
  }
  if (!(error instanceof OpenGradientError)) throw error;
  const { code, message, hint } = error;
  return failed(STATUS[code] ?? 502, code, `${message} ${hint}`);
}

function failed(status: number, code: string, message: string): Response {
  const type = status < 500 ? "invalid_request_error" : "server_error";
  const error = { code, message, type, param: null };
  // All that could be tried was: the openai package would start all over, with another nonce, and pay again.
  return Response.json({ error }, { status, headers: { "x-should-retry": "false" } });
}
