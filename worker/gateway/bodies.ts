import type { Context } from "hono";
import { z } from "zod";
import { GatewayError } from "./failure.ts";
import { CHAT_ROLES, type ChatRequest } from "../../sdk/chat-request.ts";
import type { CompletionRequest } from "../../sdk/completion-request.ts";
import { TIERS, type TierName } from "../../sdk/tiers.ts";
import { hex } from "../../sdk/wire.ts";

/*
 * What is taken of OpenAI's protocol. Whatever else it has (tools, several choices, penalties, …) would change the answer, and is
 * refused instead of ignored. What clients leave out is decided here, once, and said in the answer.
 */

/** What OpenAI's clients get if they do not say. */
const DEFAULT_TEMPERATURE = 1;
const DEFAULT_CHAT_TOKENS = 256;
const DEFAULT_COMPLETION_TOKENS = 16;

/** Of all requests for text. */
const textMembers = {
  model: z.string(),
  max_tokens: z.number().nullish(),
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
};

export const chatBodySchema = z.strictObject({
  ...textMembers,
  messages: z.array(z.strictObject({ role: z.enum(CHAT_ROLES), content: z.string() })),
  max_completion_tokens: z.number().nullish(),
});

export type ChatBody = z.output<typeof chatBodySchema>;

export const completionBodySchema = z.strictObject({
  ...textMembers,
  prompt: z.union([z.string(), z.tuple([z.string()])]),
  echo: z.literal(false).nullish(),
  best_of: z.literal(1).nullish(),
});

export type CompletionBody = z.output<typeof completionBodySchema>;

export const embeddingBodySchema = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  user: z.string().nullish(),
});

export const tierName = z.enum(Object.keys(TIERS) as TierName[]);

export const inferBodySchema = z.strictObject({
  model: z.string(),
  tier: tierName.optional(),
  /** The packed tensors. */
  input: hex,
});

/** What a request gets that does not say it itself. */
export interface TextDefaults {
  readonly seed: () => number;
  /** Of the model, if it is known. */
  readonly contextLength: number | undefined;
}

/** The chat request that a body stands for. */
export function chatRequestOf(body: ChatBody, { seed, contextLength }: TextDefaults): ChatRequest {
  const { messages, max_tokens: old, max_completion_tokens: current } = body;
  if (old != null && current != null && old !== current)
    throw new GatewayError(
      400,
      "parameter_invalid",
      "max_tokens and max_completion_tokens contradict each other.",
      { parameter: "max_tokens" },
    );
  const maxTokens = current ?? old ?? defaultTokens(DEFAULT_CHAT_TOKENS, contextLength);
  return { messages, max_tokens: maxTokens, ...drawsOf(body, seed) };
}

/** The completion that a body stands for. */
export function completionRequestOf(
  body: CompletionBody,
  { seed, contextLength }: TextDefaults,
): CompletionRequest {
  const { prompt, max_tokens: asked } = body;
  return {
    prompt: typeof prompt === "string" ? prompt : prompt[0],
    max_tokens: asked ?? defaultTokens(DEFAULT_COMPLETION_TOKENS, contextLength),
    ...drawsOf(body, seed),
  };
}

function defaultTokens(usual: number, contextLength = Infinity): number {
  return Math.max(1, Math.min(usual, Math.floor(contextLength / 2)));
}

function drawsOf(
  body: Pick<ChatBody, "temperature" | "top_p" | "top_k" | "seed" | "stop">,
  seed: () => number,
) {
  const { top_k, top_p, stop } = body;
  const temperature = body.temperature ?? DEFAULT_TEMPERATURE;
  return {
    seed: body.seed ?? seed(),
    temperature,
    // Where nothing is drawn these mean nothing, and clients send them all the same.
    ...(temperature !== 0 && top_p != null && { top_p }),
    ...(temperature !== 0 && top_k != null && { top_k }),
    ...(stop != null && { stop: typeof stop === "string" ? [stop] : stop }),
  };
}

/**
 * Reads a body that has to be JSON of a form.
 *
 * @throws GatewayError 415 for another type, 400 for what is not valid.
 */
export async function readJson<S extends z.ZodType>(
  context: Context,
  schema: S,
): Promise<z.output<S>> {
  requireType(context, "application/json");
  let json: unknown;
  try {
    json = await context.req.json();
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new GatewayError(400, "body_invalid", "The body is not JSON.", { cause });
    throw cause;
  }
  return parseInput(schema, json);
}

/** @throws GatewayError 415. */
export function requireType(context: Context, ...wanted: readonly string[]): string {
  const [type = ""] = (context.req.header("content-type") ?? "").toLowerCase().split(";", 1);
  const found = wanted.find((each) => each === type.trim());
  if (found !== undefined) return found;
  const message = `Send the body as ${wanted.join(" or ")}, and say so in Content-Type.`;
  throw new GatewayError(415, "content_type_unsupported", message);
}

/** @throws GatewayError 400, naming the first member that is wrong. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
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
