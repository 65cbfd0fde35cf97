import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { sum, term, type LinearCombination } from "../linear-combination.ts";
import { packCombinations } from "../packed-combinations.ts";
import { decompose, weighBits } from "./bits.ts";
import { commitment } from "./poseidon.ts";

/** A commitment inside the circuit, cut where its 32 bytes are: the first 31 make a word. */
export interface CommitmentBytes {
  readonly word: LinearCombination;
  /** Provably in 0 … 255. */
  readonly lastByte: LinearCombination;
}

/** What the prover knows. */
export interface Seal {
  readonly salt: bigint;
  /** To salt and bytes. */
  readonly commitment: bigint;
}

/**
 * The 32 bytes of the commitment to `bytes` under a salt that the prover knows:
 * `Poseidon(salt, words of bytes) = 256 · word + lastByte`.
 *
 * Enforced: the commitment is that to exactly these bytes and some salt. To each last byte there is one word, any field
 * element; which pair it is, the statement fixes: it compares both with bytes.
 *
 * Cost: the hash of salt and bytes, 8 boolean rows and one linear row.
 *
 * NOTE: the caller proves that each of `bytes` is in 0 … 255. The salt is not bounded: hiding is in the prover's own interest.
 */
export function sealBytes(
  cs: ConstraintSystem,
  bytes: readonly LinearCombination[],
  sealOf: (assignment: Assignment) => Seal,
): CommitmentBytes {
  const [salt, word] = [cs.wire(), cs.wire()];
  cs.assign((witness, assignment) => {
    const seal = sealOf(assignment);
    witness.set(salt, seal.salt);
    witness.set(word, seal.commitment >> 8n);
  });
  const committed = commitment(cs, [term(salt), ...packCombinations(bytes)]);
  const rest = sum([
    [committed, 1],
    [term(word), -256],
  ]);
  const digits = decompose(cs, rest, 8, (assignment) =>
    Number(sealOf(assignment).commitment & 0xffn),
  );
  return { word: term(word), lastByte: weighBits(digits) };
}
