import { sum, type LinearCombination, type ScaledPart } from "./linear-combination.ts";
import { WORD_BYTES } from "./packed-words.ts";

/** `packWords` inside the circuit, of combinations that are bytes. */
export function packCombinations(bytes: readonly LinearCombination[]): LinearCombination[] {
  return Array.from({ length: Math.ceil(bytes.length / WORD_BYTES) }, (_, word) => {
    const parts = bytes
      .slice(word * WORD_BYTES, (word + 1) * WORD_BYTES)
      .map((byte, i): ScaledPart => [byte, 1n << BigInt(8 * (WORD_BYTES - 1 - i))]);
    return sum(parts);
  });
}
