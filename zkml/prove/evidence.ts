import type { ModelParts, Sharing } from "./encoding.ts";

/** Evidence of the Proven tier, taken apart. */
export interface Evidence extends ModelParts {
  /** Only if several answers can share the proof. */
  readonly sharing?: Sharing;
  /** `c` of the statement. */
  readonly commitment: bigint;
  /** `A ‖ B ‖ C`. */
  readonly proof: Uint8Array;
  /** Of all answers, one after the other. */
  readonly input: Uint8Array;
}

/** Where the parts start; as in `ProvenVerifier` and `SharedProofVerifier`. */
const KEY = 32;
const AFTER_KEY = 52;
const OUTPUT_SIZE = 56;
const INFERENCES = 60;
const AFTER_SHARING = 62;

/** Lengths. */
const COMMITMENT = 32;
const PROOF = 256;

/**
 * The reverse of `encodeEvidence`; `undefined` if there is not at least one byte of input behind the other parts.
 *
 * @param isShared Which of the two kinds it is.
 */
export function decodeEvidence(
  evidence: Uint8Array,
  { isShared }: { readonly isShared: boolean },
): Evidence | undefined {
  const hex = (start: number, end: number): string =>
    `0x${Buffer.from(evidence.subarray(start, end)).toString("hex")}`;
  const start = isShared ? AFTER_SHARING : AFTER_KEY;
  const proof = start + COMMITMENT;
  const input = proof + PROOF;
  if (evidence.length <= input) return undefined;
  const sharing: Sharing = {
    inputSize: Number(hex(AFTER_KEY, OUTPUT_SIZE)),
    outputSize: Number(hex(OUTPUT_SIZE, INFERENCES)),
    inferences: Number(hex(INFERENCES, AFTER_SHARING)),
  };
  return {
    origin: hex(0, KEY),
    key: hex(KEY, AFTER_KEY),
    ...(isShared && { sharing }),
    commitment: BigInt(hex(start, proof)),
    proof: evidence.slice(proof, input),
    input: evidence.slice(input),
  };
}
