import { at } from "../arrays.ts";
import type { ModelCircuit } from "../circuit/model-circuit.ts";
import { knownInputSize, publicInputSize } from "../circuit/proof-form.ts";
import type { NodeContext, SharedAnswer, StatementContext } from "../circuit/statement.ts";
import { proveRuns, type Question } from "../circuit/witness.ts";
import { encodeWitness } from "../circuit/wtns-file.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { byteLength } from "../integer/tensor-spec.ts";
import type { CircuitKeys } from "../setup/keys.ts";
import { encodeEvidence, type ModelParts, type Sharing } from "./encoding.ts";
import { proveVerified } from "./prove-verified.ts";
import type { Prover } from "./provers/prover.ts";
import { SnarkjsProver } from "./provers/snarkjs-prover.ts";

/** A model ready to be proved. */
export interface ProvableModel {
  readonly graph: IntegerGraph;
  readonly circuit: ModelCircuit;
  readonly keys: CircuitKeys;
}

/** What to prove, and for whom. */
export interface ProofRequest {
  /** Input of each inference; where inputs are private, their openings. */
  readonly input: Uint8Array;
  readonly context: StatementContext;
  readonly parts: ModelParts;
}

/** Requests to prove together, for one node. */
export interface SharedProofRequest {
  readonly questions: readonly Question[];
  readonly context: NodeContext;
  readonly parts: ModelParts;
}

interface Duration {
  readonly witnessMs: number;
  readonly proofMs: number;
}

/** One proved answer. */
export interface ProvenInference extends Duration {
  /** What the chain sees of the input. */
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  /** What `ProvenVerifier` reads, or, if the model's proofs carry several inferences, `SharedProofVerifier`. */
  readonly evidence: Uint8Array;
}

/** Answers that share a proof. */
export interface ProvenAnswers extends Duration {
  readonly answers: readonly SharedAnswer[];
  readonly evidence: Uint8Array;
}

/** What proves where nothing else is chosen. */
const REFERENCE = new SnarkjsProver();

/**
 * Runs the model on an input and proves it for one request and node. The proof is verified before it is handed out.
 *
 * @throws ZkmlError `INPUT_SIZE`, or whatever `proveVerified` does.
 */
export async function proveInference(
  model: ProvableModel,
  { input, context, parts }: ProofRequest,
  prover: Prover = REFERENCE,
): Promise<ProvenInference> {
  const questions = [{ requestId: context.requestId, input }];
  const { answers, ...proven } = await proveTogether(model, { questions, context, parts }, prover);
  const { input: publicInput, output } = at(answers, 0);
  return { input: publicInput, output, ...proven };
}

/**
 * The same for as many requests as one proof of the model carries inferences.
 *
 * @throws ZkmlError `INPUT_SIZE`, `TOO_MANY_INFERENCES`, or whatever `proveVerified` does.
 */
export async function proveTogether(
  { graph, circuit, keys }: ProvableModel,
  { questions, context, parts }: SharedProofRequest,
  prover: Prover = REFERENCE,
): Promise<ProvenAnswers> {
  const start = performance.now();
  const { answers, commitment, witness } = proveRuns(graph, circuit, { questions, context });
  const witnessFile = encodeWitness(witness);
  const witnessed = performance.now();
  const { proof } = await proveVerified(prover, keys, witnessFile);
  const inputs = answers.map(({ input }) => input);
  return {
    answers,
    evidence: encodeEvidence(parts, {
      commitment,
      proof,
      inputs,
      sharing: sharingOf(graph, circuit),
    }),
    witnessMs: witnessed - start,
    proofMs: performance.now() - witnessed,
  };
}

/** How answers share a proof of this model; `undefined` where none is shared. */
function sharingOf(graph: IntegerGraph, { form }: ModelCircuit): Sharing | undefined {
  if (form.inferences === 1) return undefined;
  return {
    inputSize: publicInputSize(form, graph),
    outputSize: byteLength(graph.outputs),
    inferences: form.inferences,
  };
}

/** A context that no request has: what is proved for it is worth nothing on any chain. */
export const NO_REQUEST: StatementContext = {
  chainId: 0n,
  market: `0x${"00".repeat(20)}`,
  modelId: `0x${"00".repeat(32)}`,
  requestId: `0x${"00".repeat(32)}`,
  node: `0x${"00".repeat(20)}`,
};

/** Lets a prover do in advance what it can for a model: see `Prover.prepare`. */
export async function prepareModel(
  { graph, circuit, keys }: ProvableModel,
  prover: Prover,
): Promise<void> {
  const input = new Uint8Array(knownInputSize(circuit.form, graph));
  const questions = [{ requestId: NO_REQUEST.requestId, input }];
  const { witness } = proveRuns(graph, circuit, { questions, context: NO_REQUEST });
  await prover.prepare(keys.provingKey, encodeWitness(witness));
}
