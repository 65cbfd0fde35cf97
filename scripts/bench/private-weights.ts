import { at } from "../../zkml/arrays.ts";
import type { Assignment, ConstraintSystem } from "../../zkml/circuit/constraint-system.ts";
import { inputInteger } from "../../zkml/circuit/gadgets/input-integer.ts";
import { outputBytes } from "../../zkml/circuit/gadgets/output-integer.ts";
import { rectify } from "../../zkml/circuit/gadgets/rectifier.ts";
import {
  sum,
  term,
  type LinearCombination,
  type ScaledPart,
} from "../../zkml/circuit/linear-combination.ts";
import { ModelCircuit } from "../../zkml/circuit/model-circuit.ts";
import { packCombinations } from "../../zkml/circuit/packed-combinations.ts";
import { SINGLE } from "../../zkml/circuit/proof-form.ts";
import { enforceStatement } from "../../zkml/circuit/statement.ts";
import {
  forEachEntry,
  rowCount,
  type IntegerGraph,
  type SparseRows,
} from "../../zkml/integer/graph.ts";
import { analyseIntervals } from "../../zkml/integer/intervals.ts";
import type { IntegerTrace } from "../../zkml/integer/run.ts";
import { specOfEach } from "../../zkml/integer/tensor-spec.ts";

/*
 * The way of circomlib-ml, for comparison: weights are private inputs of the circuit instead of constants, so that each
 * costs a wire and a constraint. Everything else is as in `compileCircuit`: the same integers, range checks and statement.
 *
 * Such a circuit proves only that some weights give the output. One that says which would have to hash them as well.
 */

/** Products that weights as wires cost: one for each weight. */
export function countWeights({ layers, outputRows }: IntegerGraph): number {
  return [...layers.map(({ rows }) => rows), outputRows].reduce(
    (total, { weights }) => total + weights.length,
    0,
  );
}

/** Emits the constraints of a network of rectifiers with its weights as wires. */
export function compileWithWeightsAsWires(graph: IntegerGraph): ModelCircuit {
  const { sums, outputs } = analyseIntervals(graph);
  const cs = new ModelCircuit(SINGLE);
  const inputs = specOfEach(graph.inputs).map(({ type }, i) =>
    inputInteger(cs, type, (assignment) => at(traceOf(assignment).variables, i)),
  );
  const variables = inputs.map(({ value }) => value);
  graph.layers.forEach(({ rows, shifts }, k) => {
    const results = Array.from({ length: rowCount(rows) }, (_, row) =>
      rectify(cs, {
        value: weighedRow(cs, rows, { row, variables }),
        interval: at(at(sums, k), row),
        shift: at(shifts, row),
        valueOf: (assignment: Assignment) => at(at(traceOf(assignment).sums, k), row),
      }),
    );
    variables.push(...results);
  });
  const encodings = specOfEach(graph.outputs).map(({ type }, row) =>
    outputBytes(cs, {
      value: weighedRow(cs, graph.outputRows, { row, variables }),
      interval: at(outputs, row),
      type,
      valueOf: (assignment) => at(traceOf(assignment).outputs, row),
    }),
  );
  const bytes = [...inputs.flatMap((input) => input.bytes), ...encodings.flat()];
  enforceStatement(cs, packCombinations(bytes), { isShared: false });
  cs.finish();
  return cs;
}

/** Of the one inference that there is. */
function traceOf({ runs }: Assignment): IntegerTrace {
  return at(runs, 0).trace;
}

/** A row of weights that are wires, each multiplied by its variable in a constraint. */
function weighedRow(
  cs: ConstraintSystem,
  rows: SparseRows,
  { row, variables }: { readonly row: number; readonly variables: readonly LinearCombination[] },
): LinearCombination {
  const parts: ScaledPart[] = [[term(privateNumber(cs, at(rows.bias, row))), 1]];
  forEachEntry(rows, row, (variable, weight) => {
    const given = at(variables, variable);
    const product = cs.wire();
    cs.enforce(term(privateNumber(cs, weight)), given, term(product), "product");
    cs.assign((witness) => {
      const value = witness.evaluate(given);
      witness.set(product, typeof value === "number" ? weight * value : BigInt(weight) * value);
    });
    parts.push([term(product), 1]);
  });
  return sum(parts);
}

function privateNumber(cs: ConstraintSystem, value: number): number {
  const wire = cs.wire();
  cs.assign((witness) => {
    witness.set(wire, value);
  });
  return wire;
}
