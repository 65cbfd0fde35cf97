import { Field } from "@noble/curves/abstract/modular.js";
import { grainGenConstants, poseidon, type PoseidonFn } from "@noble/curves/abstract/poseidon.js";
import { FIELD_ORDER } from "./field.ts";

/**
 * The Poseidon permutation over BN254 (Grassi et al., USENIX Security 2021): x⁵ S-boxes, width 17, with the round
 * numbers and the Grain-generated constants of the reference implementation (as in circomlib).
 */
export const POSEIDON = { width: 17, fullRounds: 8, partialRounds: 68 } as const;

/** Elements absorbed per permutation; the remaining one is the sponge's capacity. */
export const POSEIDON_RATE = POSEIDON.width - 1;

interface PoseidonConstants {
  /** `roundConstants[round][element]`. */
  readonly roundConstants: readonly (readonly bigint[])[];
  readonly matrix: readonly (readonly bigint[])[];
  readonly permute: PoseidonFn;
}

let cached: PoseidonConstants | undefined;

/** Constants and permutation, generated at first use (some 50 ms). */
export function poseidonConstants(): PoseidonConstants {
  if (cached === undefined) {
    const options = {
      Fp: Field(FIELD_ORDER),
      t: POSEIDON.width,
      roundsFull: POSEIDON.fullRounds,
      roundsPartial: POSEIDON.partialRounds,
      sboxPower: 5,
    };
    const { roundConstants, mds } = grainGenConstants(options);
    cached = {
      roundConstants,
      matrix: mds,
      permute: poseidon({ ...options, roundConstants, mds }),
    };
  }
  return cached;
}

/**
 * Commitment to a list of field elements: a Poseidon sponge of rate 16 and capacity 1 (127-bit collision resistance).
 *
 * The capacity starts as the number of elements, so lists of different lengths never collide; the last block is filled
 * up with zeros; the commitment is the first element of the rate after the last permutation.
 */
export function commit(elements: readonly bigint[]): bigint {
  const { permute } = poseidonConstants();
  let state = [BigInt(elements.length), ...new Array<bigint>(POSEIDON_RATE).fill(0n)];
  for (let start = 0; start < elements.length; start += POSEIDON_RATE) {
    const block = elements.slice(start, start + POSEIDON_RATE);
    state = permute(state.map((value, i) => (i === 0 ? value : value + (block[i - 1] ?? 0n))));
  }
  return state[1] ?? 0n;
}
