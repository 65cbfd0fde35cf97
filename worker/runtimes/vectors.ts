import { OpenGradientError } from "../../sdk/errors.ts";
import type { LanguageModelManifest } from "../../sdk/language-model.ts";
import { asksForVectors, type ModelRequest } from "../../sdk/model-request.ts";

const BYTES_PER_FLOAT = 4;

/**
 * Most bytes of vectors in one answer: what OpenAI's 2,048 texts give at 768 numbers each. Whatever takes answers on, also the
 * host of an enclave that has signed one, takes twice as much and more.
 */
const MAX_BYTES = 6_291_456;

/**
 * A package embeds or writes: of weights that can do both, two packages can be made.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID` if a model is asked for what it does not do.
 */
export function requireKind(
  { name, embeds: says }: Pick<LanguageModelManifest, "name" | "embeds">,
  request: ModelRequest,
): void {
  const embeds = says === true;
  if (asksForVectors(request) === embeds) return;
  throw new OpenGradientError(
    "CHAT_REQUEST_INVALID",
    embeds ? `"${name}" writes no text: it turns texts into vectors.` : `"${name}" has no vectors.`,
    embeds ? "Ask it for embeddings." : "Ask a model whose package says that it embeds.",
  );
}

/** @throws OpenGradientError `CHAT_REQUEST_INVALID` if so many vectors of this length are too much for one answer. */
export function requireRoom(count: number, dimensions: number): void {
  const bytes = count * dimensions * BYTES_PER_FLOAT;
  if (bytes <= MAX_BYTES) return;
  throw new OpenGradientError(
    "CHAT_REQUEST_INVALID",
    `${count} vectors of ${dimensions} numbers have ${bytes} bytes; an answer has ${MAX_BYTES} at most.`,
    "Ask for fewer texts at a time.",
  );
}

/**
 * Writes vectors one after the other, as 32-bit floats, little-endian.
 *
 * @throws OpenGradientError `RUNTIME_FAILED` if they are no vectors of one length, and `CHAT_REQUEST_INVALID` if they are too
 * much.
 */
export function packVectors(vectors: readonly (readonly number[])[]): Uint8Array {
  const dimensions = vectors[0]?.length ?? 0;
  requireRoom(vectors.length, dimensions);
  const view = new DataView(new ArrayBuffer(vectors.length * dimensions * BYTES_PER_FLOAT));
  let place = 0;
  for (const vector of vectors) {
    if (vector.length === 0 || vector.length !== dimensions)
      throw unusable(`vectors of ${dimensions} and of ${vector.length} numbers`);
    for (const value of vector) {
      const float = Math.fround(value);
      if (!Number.isFinite(float)) throw unusable(`${value} in a vector`);
      view.setFloat32(place, float, true);
      place += BYTES_PER_FLOAT;
    }
  }
  return new Uint8Array(view.buffer);
}

/** A vector of length 1 in the same direction, as OpenAI's are: products of two are then the cosines of their angles. */
export function unitVector(vector: readonly number[]): readonly number[] {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

function unusable(what: string): OpenGradientError {
  return new OpenGradientError(
    "RUNTIME_FAILED",
    `The model gives ${what}.`,
    "Check that the model is one that turns texts into vectors.",
  );
}
