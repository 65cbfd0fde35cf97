import type { Groth16VerificationKey } from "snarkjs";
import { commit } from "../circuit/poseidon.ts";
import { challenge, evaluate, packWords, type StatementContext } from "../circuit/statement.ts";
import type { Evidence } from "./evidence.ts";
import { checkGroth16 } from "./groth16-check.ts";

/** The public inputs of a proof, computed as `ProvenVerifier` does. */
export interface Statement {
  /** `c`, as the evidence gives it. */
  readonly commitment: bigint;
  /** `r`. */
  readonly challenge: bigint;
  /** `e`. */
  readonly evaluation: bigint;
}

export function statementOf(
  { commitment, input }: Evidence,
  output: Uint8Array,
  context: StatementContext,
): Statement {
  const r = challenge(commitment, context, { input, output });
  return { commitment, challenge: r, evaluation: evaluate(wordsOf(input, output), r) };
}

/** Whether `c` is the commitment to these bytes. The chain leaves this to the circuit, which enforces it. */
export function commitsTo({ commitment, input }: Evidence, output: Uint8Array): boolean {
  return commitment === commit(wordsOf(input, output));
}

/** Whether the evidence's proof holds for this statement under the key. */
export function proofHolds(
  key: Groth16VerificationKey,
  { proof }: Evidence,
  statement: Statement,
): boolean {
  const { commitment, challenge: r, evaluation } = statement;
  return checkGroth16(key, [commitment, r, evaluation], proof);
}

function wordsOf(input: Uint8Array, output: Uint8Array): bigint[] {
  return packWords(Uint8Array.from([...input, ...output]));
}
