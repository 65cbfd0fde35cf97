import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { runIntegerGraph } from "../integer/run.ts";
import { decodeTensors, encodeTensors } from "../integer/tensor-spec.ts";
import type { ConstraintSystem } from "./constraint-system.ts";
import { commit } from "./poseidon.ts";
import { challenge, packWords, type StatementContext } from "./statement.ts";
import { WitnessVector } from "./witness-vector.ts";

/** One inference with everything a proof of it needs. */
export interface ProvenRun {
  readonly output: Uint8Array;
  readonly commitment: bigint;
  readonly witness: WitnessVector;
}

/**
 * Runs the model exactly and fills the circuit's witness, bound to `context`.
 *
 * @throws ZkmlError `INPUT_SIZE` for an input of the wrong length.
 */
export function proveRun(
  graph: IntegerGraph,
  cs: ConstraintSystem,
  { input, context }: { readonly input: Uint8Array; readonly context: StatementContext },
): ProvenRun {
  const trace = runIntegerGraph(graph, decodeTensors(graph.inputs, input));
  const output = encodeTensors(graph.outputs, trace.outputs);
  const words = packWords(Uint8Array.from([...input, ...output]));
  const commitment = commit(words);

  const witness = new WitnessVector(cs.wireCount);
  cs.fill(witness, { trace, challenge: challenge(commitment, context, { input, output }) });
  return { output, commitment, witness };
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
