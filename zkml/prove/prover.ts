import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import type { StatementContext } from "../circuit/statement.ts";
import { proveRun } from "../circuit/witness.ts";
import { encodeWitness } from "../circuit/wtns-file.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { byteLength } from "../integer/tensor-spec.ts";
import type { CircuitKeys } from "../setup/keys.ts";
import { encodeEvidence, type ModelParts } from "./encoding.ts";
import { proveVerified } from "./prove-verified.ts";
import type { Prover } from "./provers/prover.ts";
import { SnarkjsProver } from "./provers/snarkjs-prover.ts";

/** A model ready to be proved. */
export interface ProvableModel {
  readonly graph: IntegerGraph;
  readonly circuit: ConstraintSystem;
  readonly keys: CircuitKeys;
}

/** What to prove, and for whom. */
export interface ProofRequest {
  readonly input: Uint8Array;
  readonly context: StatementContext;
  readonly parts: ModelParts;
}

/** One proved inference. */
export interface ProvenInference {
  readonly output: Uint8Array;
  /** What `ProvenVerifier` reads. */
  readonly evidence: Uint8Array;
  readonly witnessMs: number;
  readonly proofMs: number;
}

/** What proves where nothing else is chosen. */
const REFERENCE = new SnarkjsProver();

/**
 * Runs the model on an input and proves it for one request and node. The proof is verified before it is handed out.
 *
 * @throws ZkmlError `INPUT_SIZE`, or whatever `proveVerified` does.
 */
export async function proveInference(
  { graph, circuit, keys }: ProvableModel,
  { input, context, parts }: ProofRequest,
  prover: Prover = REFERENCE,
): Promise<ProvenInference> {
  const start = performance.now();
  const { output, commitment, witness } = proveRun(graph, circuit, { input, context });
  const witnessFile = encodeWitness(witness);
  const witnessed = performance.now();
  const { proof } = await proveVerified(prover, keys, witnessFile);
  return {
    output,
    evidence: encodeEvidence(parts, { commitment, proof, input }),
    witnessMs: witnessed - start,
    proofMs: performance.now() - witnessed,
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
  const input = new Uint8Array(byteLength(graph.inputs));
  const { witness } = proveRun(graph, circuit, { input, context: NO_REQUEST });
  await prover.prepare(keys.provingKey, encodeWitness(witness));
}
