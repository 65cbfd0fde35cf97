import canonicalize from "canonicalize";
import { z } from "zod";
import { OpenGradientError } from "./errors.ts";

/** Who says a message. */
export const CHAT_ROLES = ["system", "user", "assistant"] as const;

export type ChatRole = (typeof CHAT_ROLES)[number];

/** How large a request may be, whatever model it is for. What a model can take in tokens is for its runtime to say. */
export interface ChatLimits {
  readonly bytes: number;
  readonly messages: number;
}

export const CHAT_LIMITS: ChatLimits = { bytes: 262_144, messages: 256 };

const LARGEST_UINT32 = 2 ** 32 - 1;

/** Of 31 bits: some servers take no more, and llama.cpp takes the largest of 32 bits for a seed of its own choice. */
const LARGEST_SEED = 2 ** 31 - 1;
const HOTTEST = 2;
const MAX_STOPS = 4;
const MAX_STOP_BYTES = 64;

const text = z.string().refine((value) => value.isWellFormed(), "holds half a surrogate pair");

/** Thousandths: contracts can write these too, and a finer choice makes no difference that anybody could see. */
const thousandths = z
  .number()
  .refine((value) => Math.round(value * 1_000) / 1_000 === value, "has more than three decimals");

const message = z.strictObject({ role: z.enum(CHAT_ROLES), content: text });

const stopText = text
  .min(1)
  .refine(
    (value) => Buffer.byteLength(value) <= MAX_STOP_BYTES,
    `has more than ${MAX_STOP_BYTES} bytes`,
  );

const chatRequestSchema = z
  .strictObject({
    /** The conversation so far. A system message comes first if at all, and the user has the last word. */
    messages: z.array(message).min(1),
    /** Most tokens that the answer may have. */
    max_tokens: z.int().min(1).max(LARGEST_UINT32),
    /** What draws are seeded with: the same seed gives the same answer. */
    seed: z.int().min(0).max(LARGEST_SEED),
    /** 0 always takes the likeliest token; above it tokens are drawn. */
    temperature: thousandths.min(0).max(HOTTEST),
    /** Draws among the likeliest tokens that together have this probability. Without it, among all. */
    top_p: thousandths.gt(0).max(1).optional(),
    /** Draws among so many of the likeliest tokens. Without it, among all. */
    top_k: z.int().min(1).max(LARGEST_UINT32).optional(),
    /** Texts that end the answer and do not belong to it. */
    stop: z.array(stopText).min(1).max(MAX_STOPS).optional(),
  })
  .superRefine(({ messages, temperature, top_p, top_k }, context) => {
    const refuse = (path: string, what: string) => {
      context.addIssue({ code: "custom", path: [path], message: what });
    };
    if (messages.slice(1).some(({ role }) => role === "system"))
      refuse("messages", "has a system message that is not the first");
    if (messages.at(-1)?.role !== "user") refuse("messages", "does not end with the user's");
    // What is asked for is applied, or refused.
    if (temperature === 0 && top_p !== undefined) refuse("top_p", "has no effect without draws");
    if (temperature === 0 && top_k !== undefined) refuse("top_k", "has no effect without draws");
  });

/**
 * What a language model is asked, and how it is to answer. Nothing that is not in it is applied: what can be left out means
 * what its comment says, never what a server likes.
 */
export type ChatRequest = z.output<typeof chatRequestSchema>;

export type ChatMessage = ChatRequest["messages"][number];

/**
 * The one way to write a request: JSON in canonical form (RFC 8785), as UTF-8. These bytes are the input of a request to the
 * market, and what receipts hash. `contracts/periphery/ChatRequest.sol` writes the same.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`, naming every member that is wrong.
 */
export function canonicalRequest(
  request: ChatRequest,
  limits: ChatLimits = CHAT_LIMITS,
): Uint8Array {
  const bytes = encode(check(request, limits));
  requireSize(bytes, limits);
  return bytes;
}

/**
 * Reads what `canonicalRequest` writes, and nothing else: other spacing, order or escapes, members that are unknown or occur
 * twice, and numbers written in another way are refused, so that no two inputs mean the same request.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function parseChatRequest(bytes: Uint8Array, limits: ChatLimits = CHAT_LIMITS): ChatRequest {
  requireSize(bytes, limits);
  const request = check(parseJson(bytes), limits);
  // What was dropped, repeated or written differently shows here.
  if (Buffer.compare(encode(request), bytes) === 0) return request;
  throw invalid(
    "is not in canonical form (RFC 8785)",
    "Write requests with canonicalRequest of the SDK, or ChatRequest.sol in contracts.",
  );
}

function check(request: unknown, limits: ChatLimits): ChatRequest {
  const parsed = chatRequestSchema.safeParse(request);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path, message: what }) => `${path.join(".") || "the request"}: ${what}`,
    );
    throw invalid(`is not valid: ${faults.join("; ")}`, "Correct these members.", parsed.error);
  }
  const { length } = parsed.data.messages;
  if (length <= limits.messages) return parsed.data;
  throw invalid(`has ${length} messages; ${limits.messages} are taken`, "Leave earlier ones out.");
}

function requireSize({ length }: Uint8Array, limits: ChatLimits): void {
  if (length <= limits.bytes) return;
  throw invalid(`has ${length} bytes; ${limits.bytes} are taken`, "Ask with less text.");
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    // A byte order mark is no part of JSON: kept, so that it is refused.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid("is not JSON in UTF-8", "Write it with canonicalRequest of the SDK.", cause);
  }
}

function encode(request: ChatRequest): Uint8Array {
  return new TextEncoder().encode(canonicalize(request));
}

function invalid(what: string, hint: string, cause?: unknown): OpenGradientError {
  const message = `The chat request ${what}.`;
  return new OpenGradientError("CHAT_REQUEST_INVALID", message, hint, { cause });
}
