import canonicalize from "canonicalize";
import { z } from "zod";
import { OpenGradientError } from "./errors.ts";

/*
 * The one way to write a request to a language model: JSON in canonical form (RFC 8785), as UTF-8. These bytes are a request's
 * input, and what receipts hash.
 */

/** A kind of request. */
export interface CanonicalForm<R> {
  /** For people, such as "chat request". */
  readonly what: string;
  readonly schema: z.ZodType<R>;
  /** Most that it may have as JSON. */
  readonly maxBytes: number;
}

const LARGEST_UINT32 = 2 ** 32 - 1;

/** Of 31 bits: some servers take no more, and llama.cpp takes the largest of 32 bits for a seed of its own choice. */
const LARGEST_SEED = 2 ** 31 - 1;
const HOTTEST = 2;
const MAX_STOPS = 4;
const MAX_STOP_BYTES = 64;

/** Text that UTF-8 can write. */
export const wellFormedText = z
  .string()
  .refine((value) => value.isWellFormed(), "holds half a surrogate pair");

/** Thousandths: contracts can write these too, and a finer choice makes no difference that anybody could see. */
const thousandths = z
  .number()
  .refine((value) => Math.round(value * 1_000) / 1_000 === value, "has more than three decimals");

const stopText = wellFormedText
  .min(1)
  .refine(
    (value) => Buffer.byteLength(value) <= MAX_STOP_BYTES,
    `has more than ${MAX_STOP_BYTES} bytes`,
  );

/** How text is to be drawn, in every request for text. */
export const SAMPLING = {
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
} as const;

/** What is asked for is applied, or refused: names members that would have no effect. */
export function refuseIdleDraws(
  { temperature, top_p, top_k }: Partial<Record<"temperature" | "top_p" | "top_k", unknown>>,
  refuse: (member: string, what: string) => void,
): void {
  if (temperature !== 0) return;
  if (top_p !== undefined) refuse("top_p", "has no effect without draws");
  if (top_k !== undefined) refuse("top_k", "has no effect without draws");
}

/**
 * Makes sure that a request is one of a form.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`, naming every member that is wrong.
 */
function checkRequest<R>({ what, schema }: CanonicalForm<R>, request: unknown): R {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join(".") || "the request"}: ${message}`,
  );
  throw invalidRequest(what, `is not valid: ${faults.join("; ")}`, {
    hint: "Correct these members.",
    cause: parsed.error,
  });
}

/**
 * Writes a request in canonical form.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function encodeRequest<R>(form: CanonicalForm<R>, request: R): Uint8Array {
  const bytes = encode(checkRequest(form, request));
  requireSize(form, bytes);
  return bytes;
}

/**
 * Reads what `encodeRequest` writes, and nothing else: other spacing, order or escapes, members that are unknown or occur
 * twice, and numbers written in another way are refused, so that no two inputs mean the same request.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function decodeRequest<R>(form: CanonicalForm<R>, bytes: Uint8Array): R {
  requireSize(form, bytes);
  const request = checkRequest(form, parseJson(form.what, bytes));
  // What was dropped, repeated or written differently shows here.
  if (Buffer.compare(encode(request), bytes) === 0) return request;
  throw invalidRequest(form.what, "is not in canonical form (RFC 8785)", {
    hint: "Write requests with the SDK's functions for it, or ChatRequest.sol in contracts.",
  });
}

export function invalidRequest(
  what: string,
  fault: string,
  { hint, cause }: { readonly hint: string; readonly cause?: unknown },
): OpenGradientError {
  const message = `The ${what} ${fault}.`;
  return new OpenGradientError("CHAT_REQUEST_INVALID", message, hint, { cause });
}

function requireSize<R>({ what, maxBytes }: CanonicalForm<R>, { length }: Uint8Array): void {
  if (length <= maxBytes) return;
  throw invalidRequest(what, `has ${length} bytes; ${maxBytes} are taken`, {
    hint: "Ask with less text.",
  });
}

function parseJson(what: string, bytes: Uint8Array): unknown {
  try {
    // A byte order mark is no part of JSON: kept, so that it is refused.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const hint = "Write it with the SDK's functions for it.";
    throw invalidRequest(what, "is not JSON in UTF-8", { hint, cause });
  }
}

function encode(request: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalize(request));
}
