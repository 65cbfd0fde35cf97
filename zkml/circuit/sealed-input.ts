import { randomBytes } from "node:crypto";
import { concatBytes } from "@noble/hashes/utils.js";
import { packWords, toBytes32, WORD_BYTES } from "./packed-words.ts";
import { commit } from "./poseidon.ts";

/*
 * Private inputs. Whoever asks keeps the input and publishes only
 *
 *   commitment = Poseidon(salt, words of the input)
 *
 * as 32 big-endian bytes, which take the input's place in requests, claims and evidence: contracts see a model whose input is
 * 32 bytes. Salt and input together, the opening, go to the node by another way. The circuit opens the commitment, so the
 * proof shows that the model ran on what was committed to, and nothing else about it.
 *
 * BINDING: two openings of one commitment are a collision of Poseidon. The circuit takes the 32 bytes modulo the field
 * order, so up to six strings of bytes stand for one commitment; each has that one opening.
 *
 * HIDING: the salt has 248 random bits, so nobody can try out likely inputs, and equal inputs look different. The output is
 * public, and tells what it tells.
 */

/** One packed word, and the first: an opening is packed as it stands. */
export const SALT_BYTES = WORD_BYTES;

export const COMMITMENT_BYTES = 32;

/** An input that can be shown to be the one committed to. */
export interface SealedInput {
  /** `salt ‖ input`: for the node that is to run the model. */
  readonly opening: Uint8Array;
  /** What is put on chain. */
  readonly commitment: Uint8Array;
}

/**
 * Commits to the encoded tensors of one inference.
 *
 * @param salt {@link SALT_BYTES} random bytes; a salt that is used again shows that two inputs are the same.
 */
export function sealInput(
  input: Uint8Array,
  salt: Uint8Array = randomBytes(SALT_BYTES),
): SealedInput {
  const opening = concatBytes(salt, input);
  return { opening, commitment: commitmentTo(opening) };
}

export function commitmentTo(opening: Uint8Array): Uint8Array {
  return toBytes32(commit(packWords(opening)));
}

export function saltOf(opening: Uint8Array): Uint8Array {
  return opening.slice(0, SALT_BYTES);
}

export function inputOf(opening: Uint8Array): Uint8Array {
  return opening.slice(SALT_BYTES);
}
