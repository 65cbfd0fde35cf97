import { groth16 } from "snarkjs";
import { ZkmlError } from "../errors.ts";
import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import type { StatementContext } from "../circuit/statement.ts";
import { proveRun } from "../circuit/witness.ts";
import { encodeWitness } from "../circuit/wtns-file.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import type { CircuitKeys } from "../setup/keys.ts";
import { encodeEvidence, type ModelParts } from "./encoding.ts";

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

/**
 * Runs the model on an input and proves it for one request and node. The proof is verified before it is handed out: a
 * wrong one would cost its sender gas, and perhaps its collateral.
 *
 * @throws ZkmlError `INPUT_SIZE`, or `PROOF_INVALID` if key and circuit do not belong together.
 */
export async function proveInference(
  { graph, circuit, keys }: ProvableModel,
  { input, context, parts }: ProofRequest,
): Promise<ProvenInference> {
  const start = performance.now();
  const { output, commitment, witness } = proveRun(graph, circuit, { input, context });
  const witnessFile = encodeWitness(witness);
  const witnessed = performance.now();
  const { proof, publicSignals } = await groth16.prove(keys.provingKey, witnessFile);
  const proved = performance.now();

  if (!(await groth16.verify(keys.verificationKey, publicSignals, proof))) {
    throw new ZkmlError(
      "PROOF_INVALID",
      "The proof does not verify under the model's own key.",
      "Set the model up again: proving key, verification key and circuit do not belong together.",
    );
  }
  return {
    output,
    evidence: encodeEvidence(parts, { commitment, proof, input }),
    witnessMs: witnessed - start,
    proofMs: proved - witnessed,
  };
}
