import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { analyseIntervals } from "../integer/intervals.ts";
import { compileInference, type CircuitPart } from "./compile-inference.ts";
import type { Assignment, ConstraintSystem } from "./constraint-system.ts";
import { ModelCircuit } from "./model-circuit.ts";
import { SINGLE, type ProofForm } from "./proof-form.ts";
import { enforceStatement } from "./statement.ts";

/** Largest domain snarkjs' key format and the usual Powers of Tau files carry. */
const MAX_DOMAIN_POWER = 28;

/** Told after each part how many constraints it took; those of one part may come in several lots. */
export type CircuitListener = (part: CircuitPart, constraints: number) => void;

/**
 * Emits the constraints of a model: every weight is a constant of the circuit, so the verification key *is* the model.
 *
 * @throws ZkmlError `RANGE_OVERFLOW` or `CIRCUIT_TOO_LARGE`.
 */
export function compileCircuit(
  graph: IntegerGraph,
  form: ProofForm = SINGLE,
  onPart?: CircuitListener,
): ModelCircuit {
  const intervals = analyseIntervals(graph);
  const cs = new ModelCircuit(form);
  const finishPart = partCounter(cs, onPart);
  finishPart({ kind: "statement" });
  const words = listOf(form.inferences, (index) => {
    const inference = { graph, intervals, runOf: ({ runs }: Assignment) => at(runs, index) };
    const seen = compileInference(cs, inference, finishPart);
    finishPart({ kind: "statement" });
    return seen;
  });
  enforceStatement(cs, words.flat(), { isShared: form.inferences > 1 });
  finishPart({ kind: "statement" });
  cs.finish();
  requireDomain(cs);
  return cs;
}

function partCounter(
  cs: ConstraintSystem,
  onPart: CircuitListener | undefined,
): (part: CircuitPart) => void {
  let counted = 0;
  return (part) => {
    onPart?.(part, cs.constraints.length - counted);
    counted = cs.constraints.length;
  };
}

/** Power of two of the evaluation domain the system fills. */
export function domainPower(cs: ConstraintSystem): number {
  return Math.log2(cs.constraints.length + cs.publicCount + 1);
}

function requireDomain(cs: ConstraintSystem): void {
  if (domainPower(cs) <= MAX_DOMAIN_POWER) return;
  throw new ZkmlError(
    "CIRCUIT_TOO_LARGE",
    `The circuit needs ${cs.constraints.length} constraints; at most 2^${MAX_DOMAIN_POWER} can be proved.`,
    "Use a smaller model, fewer bits, or fewer inferences in a proof.",
  );
}
