import { z } from "zod";
import {
  decodeRequest,
  encodeRequest,
  refuseIdleDraws,
  SAMPLING,
  wellFormedText,
  type CanonicalForm,
} from "./canonical-form.ts";
import { CHAT_LIMITS, parseChatRequest, type ChatRequest } from "./chat-request.ts";

const completionRequestSchema = z
  .strictObject({
    /** What the model goes on with. It gets this text as it is: no role, no frame around it. */
    prompt: wellFormedText.min(1),
    ...SAMPLING,
  })
  .superRefine((request, context) => {
    refuseIdleDraws(request, (path, what) => {
      context.addIssue({ code: "custom", path: [path], message: what });
    });
  });

/** A text that a language model is to continue, and how. As with chat requests, nothing that is not in it is applied. */
export type CompletionRequest = z.output<typeof completionRequestSchema>;

const FORM: CanonicalForm<CompletionRequest> = {
  what: "completion request",
  schema: completionRequestSchema,
  maxBytes: CHAT_LIMITS.bytes,
};

/**
 * Writes a request in canonical form: the bytes that receipts hash.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`, naming every member that is wrong.
 */
export function canonicalCompletion(request: CompletionRequest): Uint8Array {
  return encodeRequest(FORM, request);
}

/**
 * Reads what `canonicalCompletion` writes, and nothing else. No bytes are both a completion and a chat request.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function parseCompletion(bytes: Uint8Array): CompletionRequest {
  return decodeRequest(FORM, bytes);
}

/** What language models are asked for text with. */
export type TextRequest = ChatRequest | CompletionRequest;

/** A completion alone has a prompt, and in canonical form it stands where chats have their messages: before the seed. */
const PROMPT = /^\{"max_tokens":\d+,"prompt":/;

/**
 * Reads a chat request or a completion, whichever the bytes are, and nothing else.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function parseTextRequest(bytes: Uint8Array): TextRequest {
  const start = new TextDecoder().decode(bytes.subarray(0, 64));
  return PROMPT.test(start) ? parseCompletion(bytes) : parseChatRequest(bytes);
}
