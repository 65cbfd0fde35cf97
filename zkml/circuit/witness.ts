import { concatBytes } from "@noble/hashes/utils.js";
import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { runIntegerGraph } from "../integer/run.ts";
import { decodeTensors, encodeTensors } from "../integer/tensor-spec.ts";
import type { ConstraintSystem, InferenceRun } from "./constraint-system.ts";
import type { ModelCircuit } from "./model-circuit.ts";
import { toInteger } from "./packed-words.ts";
import { commit } from "./poseidon.ts";
import { splitInputs } from "./proof-form.ts";
import { commitmentTo, inputOf, saltOf } from "./sealed-input.ts";
import {
  challenge,
  sharedChallenge,
  wordsOf,
  type AnswerBytes,
  type NodeContext,
  type SharedAnswer,
  type StatementContext,
} from "./statement.ts";
import { WitnessVector } from "./witness-vector.ts";

/** What one request asks. */
export interface Question {
  readonly requestId: string;
  /** Input of each inference; where inputs are private, their openings. */
  readonly input: Uint8Array;
}

/** Answers, with everything that their proof needs. */
export interface ProvenRuns {
  readonly answers: readonly SharedAnswer[];
  readonly commitment: bigint;
  readonly witness: WitnessVector;
}

/** The same for one request. */
export interface ProvenRun extends AnswerBytes {
  readonly commitment: bigint;
  readonly witness: WitnessVector;
}

/**
 * Runs the model exactly for one request and fills the circuit's witness, bound to `context`.
 *
 * @throws ZkmlError `INPUT_SIZE` for an input of the wrong length.
 */
export function proveRun(
  graph: IntegerGraph,
  cs: ModelCircuit,
  { input, context }: { readonly input: Uint8Array; readonly context: StatementContext },
): ProvenRun {
  const questions = [{ requestId: context.requestId, input }];
  const { answers, ...proven } = proveRuns(graph, cs, { questions, context });
  return { ...at(answers, 0), ...proven };
}

/**
 * Runs the model exactly for all that is asked and fills the circuit's witness, bound to `context` and the requests. If the
 * circuit carries more inferences, the last is repeated.
 *
 * @throws ZkmlError `INPUT_SIZE` for an input of the wrong length, or `TOO_MANY_INFERENCES`.
 */
export function proveRuns(
  graph: IntegerGraph,
  cs: ModelCircuit,
  {
    questions,
    context,
  }: { readonly questions: readonly Question[]; readonly context: NodeContext },
): ProvenRuns {
  const inferences = questions.map(({ input }) =>
    splitInputs(cs.form, graph, input).map((known) => runInference(graph, cs, known)),
  );
  const lanes = filled(cs, inferences.flat());
  const commitment = commit(lanes.flatMap((lane) => wordsOf(lane)));
  const answers = questions.map(({ requestId }, i) => answerOf(requestId, at(inferences, i)));
  const witness = new WitnessVector(cs.wireCount);
  cs.fill(witness, { runs: lanes, challenge: challengeOf(cs, { commitment, answers, context }) });
  return { answers, commitment, witness };
}

interface Inference extends InferenceRun, AnswerBytes {}

function runInference(graph: IntegerGraph, { form }: ModelCircuit, known: Uint8Array): Inference {
  const isPrivate = form.inputs === "private";
  const tensors = isPrivate ? inputOf(known) : known;
  const trace = runIntegerGraph(graph, decodeTensors(graph.inputs, tensors));
  const output = encodeTensors(graph.outputs, trace.outputs);
  if (!isPrivate) return { trace, input: known, output };
  const input = commitmentTo(known);
  const seal = { salt: toInteger(saltOf(known)), commitment: toInteger(input) };
  return { trace, seal, input, output };
}

function filled({ form }: ModelCircuit, inferences: readonly Inference[]): readonly Inference[] {
  const { length } = inferences;
  if (length > form.inferences)
    throw new ZkmlError(
      "TOO_MANY_INFERENCES",
      `${length} inferences do not fit into a proof that carries ${form.inferences}.`,
      "Prove them in several parts.",
    );
  return listOf(form.inferences, (i) => at(inferences, Math.min(i, length - 1)));
}

function answerOf(requestId: string, inferences: readonly AnswerBytes[]): SharedAnswer {
  return {
    requestId,
    input: concatBytes(...inferences.map(({ input }) => input)),
    output: concatBytes(...inferences.map(({ output }) => output)),
  };
}

interface Bound {
  readonly commitment: bigint;
  readonly answers: readonly SharedAnswer[];
  readonly context: NodeContext;
}

function challengeOf({ form }: ModelCircuit, { commitment, answers, context }: Bound): bigint {
  if (form.inferences > 1) return sharedChallenge(commitment, context, answers);
  const answer = at(answers, 0);
  return challenge(commitment, { ...context, requestId: answer.requestId }, answer);
}

/**
 * Checks every row of the system against the witness.
 *
 * @throws ZkmlError `WITNESS_UNSATISFIED` naming the first broken row; it means a defect in this compiler.
 */
export function requireSatisfied(cs: ConstraintSystem, witness: WitnessVector): void {
  const row = cs.firstUnsatisfied(witness);
  if (row === -1) return;
  throw new ZkmlError(
    "WITNESS_UNSATISFIED",
    `The witness breaks constraint ${row} (${cs.constraints[row]?.kind ?? "unknown"}).`,
    "This is a defect of the compiler; report the model.",
  );
}
