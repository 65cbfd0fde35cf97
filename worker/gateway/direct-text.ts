import type { Context } from "hono";
import {
  chatBodySchema,
  chatRequestOf,
  completionBodySchema,
  completionRequestOf,
  readJson,
  type TextDefaults,
} from "./bodies.ts";
import { ANSWERS } from "./answers.ts";
import { envelopeOf } from "./envelope.ts";
import type { GatewayModules } from "./modules.ts";
import { seedOf } from "./nonce.ts";
import type { ConcludedAnswer, Order } from "./order-line.ts";
import {
  CHAT,
  COMPLETION,
  now,
  streamedAnswer,
  textAnswer,
  type TextDialect,
} from "./text-answers.ts";
import { beginText, wholeText } from "../runtimes/text-stream.ts";
import type { DirectOffer } from "../receipts/direct-answer.ts";
import type { Generation } from "../runtimes/runtime.ts";
import { canonicalRequest } from "../../sdk/chat-request.ts";
import { canonicalCompletion } from "../../sdk/completion-request.ts";

/** What clients decide about how the text comes. */
interface Manner {
  readonly dialect: TextDialect;
  readonly isStreamed: boolean;
  readonly isUsageWanted: boolean;
}

interface TextBody {
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | undefined } | null | undefined;
}

/** `POST /v1/chat/completions` and `POST /v1/completions`. */
export function addTextRoutes(modules: GatewayModules): void {
  const { routes, line, askedOf } = modules;
  const stream = "text/event-stream";
  const json = "application/json";
  routes.add(
    {
      method: "post",
      path: "/v1/chat/completions",
      summary: "Answer a conversation",
      tag: "Answers",
      request: { body: { required: true, content: { [json]: { schema: chatBodySchema } } } },
      answer: "The answer; with `stream`, its events, the last of which is [DONE].",
      content: { [json]: ANSWERS.ChatCompletion, [stream]: ANSWERS.ChatCompletionChunk },
      isPaid: true,
    },
    async (context) => {
      const body = await readJson(context, chatBodySchema);
      const asked = askedOf(context, { model: body.model, form: "chat" });
      const order = await line.admit({
        ...asked,
        inputOf: (offer) => canonicalRequest(chatRequestOf(body, defaultsOf(offer, asked.nonce))),
      });
      return answerText(modules, order, mannerOf(CHAT, body));
    },
  );
  routes.add(
    {
      method: "post",
      path: "/v1/completions",
      summary: "Continue a text",
      tag: "Answers",
      request: { body: { required: true, content: { [json]: { schema: completionBodySchema } } } },
      answer: "The text; with `stream`, its events, the last of which is [DONE].",
      content: { [json]: ANSWERS.Completion, [stream]: ANSWERS.CompletionChunk },
      isPaid: true,
    },
    async (context: Context) => {
      const body = await readJson(context, completionBodySchema);
      const asked = askedOf(context, { model: body.model, form: "completion" });
      const order = await line.admit({
        ...asked,
        inputOf: (offer) =>
          canonicalCompletion(completionRequestOf(body, defaultsOf(offer, asked.nonce))),
      });
      return answerText(modules, order, mannerOf(COMPLETION, body));
    },
  );
}

function defaultsOf({ contextLength }: DirectOffer, nonce: string): TextDefaults {
  return { seed: () => seedOf(nonce), contextLength };
}

function mannerOf(dialect: TextDialect, { stream, stream_options }: TextBody): Manner {
  const isUsageWanted = stream_options?.include_usage === true;
  return { dialect, isStreamed: stream === true, isUsageWanted };
}

async function answerText(
  { metrics, limits, fail, ...modules }: GatewayModules,
  order: Order,
  { dialect, isStreamed, isUsageWanted }: Manner,
): Promise<Response> {
  const id = `${dialect.idPrefix}-${order.requestId.slice(2)}`;
  const head = { id, created: now(), model: order.offer.name };
  const receiptOf = (answer: ConcludedAnswer) => ({
    opengradient: { ...envelopeOf(modules.settlement, answer.record), applied: inputOf(answer) },
  });
  if (!isStreamed) {
    const answer = await order.answer();
    // As when it was given first.
    const created = Number(answer.record.receipt.completedAt);
    const said = textAnswer(dialect, { ...head, created }, generationOf(answer));
    const headers = modules.headersOf(order, answer);
    return Response.json({ ...said, ...receiptOf(answer) }, { headers });
  }
  const { text, headers } = await beginAnswer({ metrics, ...modules }, order);
  metrics.streams.inc();
  const onEnd = () => {
    metrics.streams.dec();
  };
  return streamedAnswer(
    { dialect, head, text, generationOf, isUsageWanted, last: receiptOf, onFailure: fail },
    { sendMs: limits.sendMs, headers, onEnd },
  );
}

/** An answer whose text may leave: at once or, where it is paid for first, when it is paid for. */
async function beginAnswer(
  { metrics, headersOf }: Pick<GatewayModules, "metrics" | "headersOf">,
  order: Order,
) {
  if (!order.mayStream) {
    const answer = await order.answer();
    return {
      text: wholeText(generationOf(answer).text, answer),
      headers: headersOf(order, answer),
    };
  }
  const text = await beginText(async (onText) => {
    let said = "";
    const answer = await order.answer((piece) => {
      said += piece;
      metrics.streamed.inc();
      onText(piece);
    });
    const { text: whole } = generationOf(answer);
    if (!whole.startsWith(said)) throw new Error("what was streamed is not what was signed");
    // All of it, of an answer that was given before.
    if (whole.length > said.length) onText(whole.slice(said.length));
    return answer;
  });
  return { text, headers: { "OpenGradient-Request-Id": order.requestId } };
}

function generationOf({ record: { output, receipt, finishReason } }: ConcludedAnswer): Generation {
  return {
    text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(output),
    inputTokens: Number(receipt.inputUnits),
    outputTokens: Number(receipt.outputUnits),
    finishReason: finishReason ?? "stop",
  };
}

function inputOf({ record: { input } }: ConcludedAnswer): string {
  return new TextDecoder().decode(input);
}
