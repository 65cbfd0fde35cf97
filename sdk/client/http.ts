import { z } from "zod";
import { OpenGradientError } from "../errors.ts";
import { NodeFailure, type NodeAnswer } from "./node-failure.ts";

/** What the platform's `fetch` does, and what pays on the way does too. */
export type Fetch = typeof fetch;

/** More than any answer has; a node that sends without end is cut off. */
const MAX_BODY_BYTES = 64 * 2 ** 20;

/** Of what a node says of its failure, so much is passed on to people. */
const MAX_REASON_CHARACTERS = 300;

/** Waits that nodes ask for are believed up to this. */
const MAX_RETRY_AFTER_MS = 60_000;
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** There was no connection, so nothing can have arrived. */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export interface NodeCall {
  readonly fetch: Fetch;
  readonly url: string;
  readonly init?: RequestInit;
  /** The caller's. */
  readonly signal?: AbortSignal | undefined;
  /** Until the answer begins; a stream may go on for longer. */
  readonly timeoutMs: number;
}

/**
 * Calls a node, and returns its answer if it is a success.
 *
 * @throws NodeFailure, or what the caller's signal or a payment says.
 */
export async function callNode(call: NodeCall): Promise<Response> {
  const response = await reach(call);
  if (response.ok) return response;
  throw await failureOf(call.url, response);
}

async function reach({ fetch, url, init, signal, timeoutMs }: NodeCall): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort();
  }, timeoutMs);
  const signals = [late.signal, ...(signal === undefined ? [] : [signal])];
  try {
    // Elsewhere is nobody who was asked; and what pays is not to be shown there.
    return await fetch(url, { ...init, redirect: "error", signal: AbortSignal.any(signals) });
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof OpenGradientError) throw cause;
    const what = late.signal.aborted
      ? `has not answered within ${timeoutMs} ms`
      : "cannot be reached";
    const mayHaveArrived = !wasNeverConnected(cause);
    throw new NodeFailure("NODE_UNREACHABLE", what, { url, mayHaveArrived, cause });
  } finally {
    clearTimeout(timer);
  }
}

function wasNeverConnected(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; depth++) {
    if ("code" in cause && NEVER_CONNECTED.has(String(cause.code))) return true;
    cause = cause.cause;
  }
  return false;
}

async function failureOf(url: string, response: Response): Promise<NodeFailure> {
  const { status, headers } = response;
  const text = await readText(url, response);
  const answer = { status, headers, text };
  const reason = reasonOf(answer);
  if (status === 429) {
    const retryAfterMs = retryAfter(headers) ?? DEFAULT_RETRY_AFTER_MS;
    return new NodeFailure("NODE_BUSY", `is busy: ${reason}`, { url, answer, retryAfterMs });
  }
  const options = { url, answer, mayHaveArrived: status >= 500, retryAfterMs: retryAfter(headers) };
  if (status >= 500) return new NodeFailure("NODE_FAILED", `failed: ${reason}`, options);
  return new NodeFailure("NODE_REFUSED", `refused the request: ${reason}`, options);
}

/** Seconds, or a date. */
function retryAfter(headers: Headers): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

const failureSchema = z.object({ error: z.object({ message: z.string() }) });

function reasonOf({ status, text }: NodeAnswer): string {
  const parsed = failureSchema.safeParse(parseJson(text));
  const said = parsed.success ? parsed.data.error.message : "";
  // It is a stranger's text, and goes to a terminal.
  const clean = said.replaceAll(/[^\P{C}\t]/gu, " ").slice(0, MAX_REASON_CHARACTERS);
  return clean === "" ? `status ${status}` : `${status}, ${clean.replace(/\.$/, "")}`;
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads a body as text. @throws NodeFailure if it breaks off or does not end. */
export async function readText(url: string, response: Response): Promise<string> {
  try {
    return await limited(response).text();
  } catch (cause) {
    const failure = { url, mayHaveArrived: true, cause };
    throw new NodeFailure("NODE_UNREACHABLE", "broke off its answer", failure);
  }
}

/** The same answer, cut off with an error where it becomes longer than any answer is. */
export function limited(response: Response): Response {
  let length = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) controller.error(new RangeError("the answer does not end"));
      else controller.enqueue(chunk);
    },
  });
  const { status, headers } = response;
  return new Response(response.body?.pipeThrough(limit) ?? null, { status, headers });
}
