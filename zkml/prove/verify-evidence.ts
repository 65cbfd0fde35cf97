import type { Groth16VerificationKey } from "snarkjs";
import { at, listOf } from "../arrays.ts";
import { commit } from "../circuit/poseidon.ts";
import {
  challenge,
  evaluate,
  evaluateShared,
  sharedChallenge,
  wordsOf,
  type AnswerBytes,
  type NodeContext,
  type SharedAnswer,
} from "../circuit/statement.ts";
import type { Sharing } from "./encoding.ts";
import type { Evidence } from "./evidence.ts";
import { checkGroth16 } from "./groth16-check.ts";

/** What a proof is said to show: its public inputs as the contracts compute them, and what they leave to the circuit. */
export interface Statement {
  /** `c`, as the evidence gives it. */
  readonly commitment: bigint;
  /** `r`. */
  readonly challenge: bigint;
  /** `e`. */
  readonly evaluation: bigint;
  /** Whether `c` is the commitment to these bytes. The chain leaves this to the circuit, which enforces it. */
  readonly isCommitted: boolean;
}

/** An answer without its input, which is in the evidence. */
export type ClaimedAnswer = Omit<SharedAnswer, "input">;

/** The statement of evidence for these answers, in this order; `undefined` if their sizes do not fit the evidence. */
export function statementOf(
  evidence: Evidence,
  answers: readonly ClaimedAnswer[],
  context: NodeContext,
): Statement | undefined {
  const { sharing, commitment, input } = evidence;
  if (sharing !== undefined) return sharedStatement(evidence, sharing, { answers, context });
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) return undefined;
  const { requestId, output } = answer;
  const words = wordsOf({ input, output });
  const r = challenge(commitment, { ...context, requestId }, { input, output });
  return describe(commitment, words, { challenge: r, evaluation: evaluate(words, r) });
}

interface Claims {
  readonly answers: readonly ClaimedAnswer[];
  readonly context: NodeContext;
}

/** As `SharedProofVerifier` reads it. */
function sharedStatement(
  { commitment, input }: Evidence,
  sharing: Sharing,
  { answers, context }: Claims,
): Statement | undefined {
  const counts = answers.map(({ output }) => output.length / sharing.outputSize);
  const count = counts.reduce((sum, each) => sum + each, 0);
  const isWhole = counts.every((each) => Number.isInteger(each) && each > 0);
  if (!isWhole || count < 1 || count > sharing.inferences) return undefined;
  if (input.length !== count * sharing.inputSize) return undefined;

  let next = 0;
  const complete = answers.map((answer, i) => {
    const end = next + at(counts, i) * sharing.inputSize;
    const own = input.slice(next, end);
    next = end;
    return { ...answer, input: own };
  });
  const inferences = complete.flatMap((answer) => inferencesOf(answer, sharing));
  const lanes = listOf(sharing.inferences, (i) => at(inferences, Math.min(i, count - 1)));
  const words = lanes.flatMap((lane) => wordsOf(lane));
  const r = sharedChallenge(commitment, context, complete);
  return describe(commitment, words, { challenge: r, evaluation: evaluateShared(words, r) });
}

function inferencesOf(
  { input, output }: AnswerBytes,
  { inputSize, outputSize }: Sharing,
): AnswerBytes[] {
  return listOf(output.length / outputSize, (i) => ({
    input: input.slice(i * inputSize, (i + 1) * inputSize),
    output: output.slice(i * outputSize, (i + 1) * outputSize),
  }));
}

function describe(
  commitment: bigint,
  words: readonly bigint[],
  publicInputs: Pick<Statement, "challenge" | "evaluation">,
): Statement {
  return { commitment, ...publicInputs, isCommitted: commitment === commit(words) };
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
