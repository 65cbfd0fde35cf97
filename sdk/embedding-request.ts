import { z } from "zod";
import {
  decodeRequest,
  encodeRequest,
  wellFormedText,
  type CanonicalForm,
} from "./canonical-form.ts";
import { CHAT_LIMITS } from "./chat-request.ts";

/** As many as OpenAI takes. */
const MAX_TEXTS = 2_048;

const embeddingRequestSchema = z.strictObject({
  /** Texts, each of which gets a vector. */
  input: z.array(wellFormedText.min(1)).min(1).max(MAX_TEXTS),
});

/** Texts that a model is to turn into vectors. The answer is these, one after the other, as 32-bit floats, little-endian. */
export type EmbeddingRequest = z.output<typeof embeddingRequestSchema>;

const FORM: CanonicalForm<EmbeddingRequest> = {
  what: "embedding request",
  schema: embeddingRequestSchema,
  maxBytes: CHAT_LIMITS.bytes,
};

/**
 * Writes a request in canonical form: the bytes that receipts hash.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`, naming every member that is wrong.
 */
export function canonicalEmbedding(request: EmbeddingRequest): Uint8Array {
  return encodeRequest(FORM, request);
}

/**
 * Reads what `canonicalEmbedding` writes, and nothing else.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID`.
 */
export function parseEmbedding(bytes: Uint8Array): EmbeddingRequest {
  return decodeRequest(FORM, bytes);
}
