import { at } from "../../zkml/arrays.ts";
import { ConstraintSystem, type Assignment } from "../../zkml/circuit/constraint-system.ts";
import { inputInteger } from "../../zkml/circuit/gadgets/input-integer.ts";
import { outputBytes } from "../../zkml/circuit/gadgets/output-integer.ts";
import { rectify } from "../../zkml/circuit/gadgets/rectifier.ts";
import {
  sum,
  term,
  type LinearCombination,
  type ScaledPart,
} from "../../zkml/circuit/linear-combination.ts";
import { enforceStatement, PUBLIC_INPUTS } from "../../zkml/circuit/statement.ts";
import {
  forEachEntry,
  rowCount,
  type IntegerGraph,
  type SparseRows,
} from "../../zkml/integer/graph.ts";
import { analyseIntervals } from "../../zkml/integer/intervals.ts";
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
export function compileWithWeightsAsWires(graph: IntegerGraph): ConstraintSystem {
  const { sums, outputs } = analyseIntervals(graph);
  const cs = new ConstraintSystem(PUBLIC_INPUTS.length);
  const inputs = specOfEach(graph.inputs).map(({ type }, i) =>
    inputInteger(cs, type, ({ trace }) => at(trace.variables, i)),
  );
  const variables = inputs.map(({ value }) => value);
  graph.layers.forEach(({ rows, shifts }, k) => {
    const results = Array.from({ length: rowCount(rows) }, (_, row) =>
      rectify(cs, {
        value: weighedRow(cs, rows, { row, variables }),
        interval: at(at(sums, k), row),
        shift: at(shifts, row),
        valueOf: ({ trace }: Assignment) => at(at(trace.sums, k), row),
      }),
    );
    variables.push(...results);
  });
  const encodings = specOfEach(graph.outputs).map(({ type }, row) =>
    outputBytes(cs, {
      value: weighedRow(cs, graph.outputRows, { row, variables }),
      interval: at(outputs, row),
      type,
      valueOf: ({ trace }) => at(trace.outputs, row),
    }),
  );
  enforceStatement(cs, [...inputs.flatMap(({ bytes }) => bytes), ...encodings.flat()]);
  cs.finish();
  return cs;
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
