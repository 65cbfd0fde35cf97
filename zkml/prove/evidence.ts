import type { ModelParts } from "./encoding.ts";

/** Evidence of the Proven tier, taken apart. */
export interface Evidence extends ModelParts {
  /** `c` of the statement. */
  readonly commitment: bigint;
  /** `A ‖ B ‖ C`. */
  readonly proof: Uint8Array;
  readonly input: Uint8Array;
}

/** Where the parts start; as in `ProvenVerifier`. */
const KEY = 32;
const COMMITMENT = 52;
const PROOF = 84;
const INPUT = 340;

/** The reverse of `encodeEvidence`; `undefined` if there is not at least one byte of input behind the other parts. */
export function decodeEvidence(evidence: Uint8Array): Evidence | undefined {
  if (evidence.length <= INPUT) return undefined;
  const hex = (start: number, end: number): string =>
    `0x${Buffer.from(evidence.subarray(start, end)).toString("hex")}`;
  return {
    origin: hex(0, KEY),
    key: hex(KEY, COMMITMENT),
    commitment: BigInt(hex(COMMITMENT, PROOF)),
    proof: evidence.slice(PROOF, INPUT),
    input: evidence.slice(INPUT),
  };
}
