import type { LlamaEmbeddingContext, LlamaModel, Token } from "node-llama-cpp";
import type { Embedding } from "./runtime.ts";
import { packVectors, requireRoom, unitVector } from "./vectors.ts";
import type { EmbeddingRequest } from "../../sdk/embedding-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { GgufManifest } from "../../sdk/language-model.ts";

/** Tokens of the texts of a request; the library puts the vocabulary's marks around each. */
export interface TokenisedTexts {
  readonly texts: readonly Token[][];
  /** With the marks. */
  readonly inputTokens: number;
}

/**
 * Turns texts into tokens. What users write never becomes a special token.
 *
 * @param context Knows what marks stand around a text.
 * @throws OpenGradientError `CONTEXT_EXCEEDED` or `CHAT_REQUEST_INVALID`, before anything is computed.
 */
export function tokenise(
  { input }: EmbeddingRequest,
  { model, context }: { readonly model: LlamaModel; readonly context: LlamaEmbeddingContext },
  { contextLength }: Pick<GgufManifest, "contextLength">,
): TokenisedTexts {
  requireRoom(input.length, model.embeddingVectorSize);
  let inputTokens = 0;
  const texts = input.map((text, place) => {
    const tokens = model.tokenize(text, false);
    const length = context.calculateInputLength(tokens);
    if (tokens.length === 0) throw empty(place);
    if (length > contextLength) throw tooLong({ place, length, contextLength });
    inputTokens += length;
    return tokens;
  });
  return { texts, inputTokens };
}

/** Computes the vectors, one text after the other: what stands beside a text changes nothing of its vector. */
export async function vectorsOf(
  { texts, inputTokens }: TokenisedTexts,
  context: LlamaEmbeddingContext,
  signal: AbortSignal,
): Promise<Embedding> {
  const vectors: (readonly number[])[] = [];
  for (const tokens of texts) {
    signal.throwIfAborted();
    const { vector } = await context.getEmbeddingFor(tokens);
    vectors.push(unitVector(vector));
  }
  signal.throwIfAborted();
  return { vectors: packVectors(vectors), inputTokens };
}

function empty(place: number): OpenGradientError {
  return new OpenGradientError(
    "CHAT_REQUEST_INVALID",
    `The model sees nothing in text ${place}: it has no tokens.`,
    "Leave it out.",
  );
}

function tooLong(found: {
  readonly place: number;
  readonly length: number;
  readonly contextLength: number;
}): OpenGradientError {
  const { place, length, contextLength } = found;
  return new OpenGradientError(
    "CONTEXT_EXCEEDED",
    `Text ${place} has ${length} tokens; these are more than the ${contextLength} of the model's context.`,
    "Ask with shorter texts.",
  );
}
