import { at, elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { forEachEntry, rowCount, type IntegerGraph, type SparseRows } from "../integer/graph.ts";
import { analyseIntervals } from "../integer/intervals.ts";
import { ConstraintSystem } from "./constraint-system.ts";
import { inputInteger } from "./gadgets/input-integer.ts";
import { outputBytes } from "./gadgets/output-integer.ts";
import { rectify } from "./gadgets/rectifier.ts";
import { sum, type LinearCombination, type ScaledPart } from "./linear-combination.ts";
import { enforceStatement, PUBLIC_INPUTS } from "./statement.ts";

/** Largest domain snarkjs' key format and the usual Powers of Tau files carry. */
const MAX_DOMAIN_POWER = 28;

/**
 * Emits the constraints of a model: every weight is a constant of the circuit, so the verification key *is* the model.
 *
 * @throws ZkmlError `RANGE_OVERFLOW` or `CIRCUIT_TOO_LARGE`.
 */
export function compileCircuit(graph: IntegerGraph): ConstraintSystem {
  const { sums, outputs } = analyseIntervals(graph);
  const cs = new ConstraintSystem(PUBLIC_INPUTS.length);

  const inputs = Array.from({ length: elementCount(graph.input.shape) }, (_, i) =>
    inputInteger(cs, graph.input.type, ({ trace }) => at(trace.variables, i)),
  );
  const variables = inputs.map(({ value }) => value);

  graph.layers.forEach(({ rows, shifts }, layer) => {
    const results = Array.from({ length: rowCount(rows) }, (_, row) =>
      rectify(cs, {
        sum: rowCombination(cs, rows, { row, variables }),
        interval: at(at(sums, layer), row),
        shift: at(shifts, row),
        sumOf: ({ trace }) => at(at(trace.sums, layer), row),
      }),
    );
    variables.push(...results);
  });

  const outputEncodings = Array.from({ length: rowCount(graph.outputRows) }, (_, row) =>
    outputBytes(cs, {
      value: rowCombination(cs, graph.outputRows, { row, variables }),
      interval: at(outputs, row),
      type: graph.output.type,
      valueOf: ({ trace }) => at(trace.outputs, row),
    }),
  );

  enforceStatement(cs, [...inputs.flatMap(({ bytes }) => bytes), ...outputEncodings.flat()]);
  cs.finish();
  requireDomain(cs);
  return cs;
}

function rowCombination(
  cs: ConstraintSystem,
  rows: SparseRows,
  { row, variables }: { readonly row: number; readonly variables: readonly LinearCombination[] },
): LinearCombination {
  const parts: ScaledPart[] = [[cs.constant(at(rows.bias, row)), 1]];
  forEachEntry(rows, row, (variable, weight) => parts.push([at(variables, variable), weight]));
  return sum(parts);
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
    "Use a smaller model or fewer bits.",
  );
}
