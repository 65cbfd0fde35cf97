import { parseTextRequest, type TextRequest } from "./completion-request.ts";
import { parseEmbedding, type EmbeddingRequest } from "./embedding-request.ts";

/** What language models are asked with, for text or for vectors. */
export type ModelRequest = TextRequest | EmbeddingRequest;

/** An embedding request alone has an input, and nothing else. */
const INPUT = new TextEncoder().encode('{"input":');

/**
 * Reads a chat request, a completion or an embedding request, whichever the bytes are, and nothing else.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function parseModelRequest(bytes: Uint8Array): ModelRequest {
  const isEmbedding = Buffer.compare(bytes.subarray(0, INPUT.length), INPUT) === 0;
  return isEmbedding ? parseEmbedding(bytes) : parseTextRequest(bytes);
}

/** Whether vectors are asked for, not text. */
export function asksForVectors(request: ModelRequest): request is EmbeddingRequest {
  return "input" in request;
}
