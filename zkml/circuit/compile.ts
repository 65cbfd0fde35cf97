import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { analyseIntervals } from "../integer/intervals.ts";
import { compileInference, type CircuitPart } from "./compile-inference.ts";
import type { Assignment, ConstraintSystem } from "./constraint-system.ts";
import { ModelCircuit } from "./model-circuit.ts";
import { SINGLE, type ProofForm } from "./proof-form.ts";
import { enforceStatement } from "./statement.ts";

/** Largest domain that circuits are emitted for: their rows are held in memory. */
const MAX_DOMAIN_POWER = 21;

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
    // All inferences are alike, so one tells whether they fit, before memory is full of them.
    requireRows(cs.constraints.length * (form.inferences / (index + 1)));
    return seen;
  });
  enforceStatement(cs, words.flat(), { isShared: form.inferences > 1 });
  finishPart({ kind: "statement" });
  cs.finish();
  requireRows(cs.constraints.length);
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

function requireRows(rows: number): void {
  if (rows <= 2 ** MAX_DOMAIN_POWER) return;
  throw new ZkmlError(
    "CIRCUIT_TOO_LARGE",
    `The circuit needs about ${Math.ceil(rows)} constraints; at most 2^${MAX_DOMAIN_POWER} can be proved.`,
    "Use a smaller model, fewer bits, or fewer inferences in a proof.",
  );
}
