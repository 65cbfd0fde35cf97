import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import {
  forEachEntry,
  rowCount,
  type IntegerGraph,
  type IntegerLayer,
  type SparseRows,
} from "../integer/graph.ts";
import { analyseIntervals, boundProduct } from "../integer/intervals.ts";
import { roundingHalf } from "../integer/run.ts";
import { specOfEach } from "../integer/tensor-spec.ts";
import { compileSteps } from "./compile-steps.ts";
import { ConstraintSystem, type Assignment } from "./constraint-system.ts";
import { plus, type BoundedValue } from "./gadgets/bounded-value.ts";
import { floorShift } from "./gadgets/floor-shift.ts";
import { inputInteger } from "./gadgets/input-integer.ts";
import { outputBytes } from "./gadgets/output-integer.ts";
import { multiply } from "./gadgets/product.ts";
import { rectify } from "./gadgets/rectifier.ts";
import { lookUpTable } from "./gadgets/table.ts";
import { sum, type LinearCombination, type ScaledPart } from "./linear-combination.ts";
import { enforceStatement, PUBLIC_INPUTS } from "./statement.ts";

/** Largest domain snarkjs' key format and the usual Powers of Tau files carry. */
const MAX_DOMAIN_POWER = 28;

/** Part of a circuit; layers by their index in the graph. */
type CircuitPart =
  | { readonly kind: "statement" | "input" | "output" }
  | { readonly kind: "layer"; readonly index: number };

/** Told after each part how many constraints it took; those of one part may come in several lots. */
export type CircuitListener = (part: CircuitPart, constraints: number) => void;

/**
 * Emits the constraints of a model: every weight is a constant of the circuit, so the verification key *is* the model.
 *
 * @throws ZkmlError `RANGE_OVERFLOW` or `CIRCUIT_TOO_LARGE`.
 */
export function compileCircuit(graph: IntegerGraph, onPart?: CircuitListener): ConstraintSystem {
  const { sums, factors, outputs } = analyseIntervals(graph);
  const cs = new ConstraintSystem(PUBLIC_INPUTS.length);
  const finishPart = partCounter(cs, onPart);
  finishPart({ kind: "statement" });

  const inputs = specOfEach(graph.inputs).map(({ type }, i) =>
    inputInteger(cs, type, ({ trace }) => at(trace.variables, i)),
  );
  finishPart({ kind: "input" });
  const variables = inputs.map(({ value }) => value);

  graph.layers.forEach((layer, k) => {
    const given = Array.from({ length: rowCount(layer.rows) }, (_, row) => ({
      value: rowCombination(cs, layer.rows, { row, variables }),
      interval: at(at(sums, k), row),
      valueOf: ({ trace }: Assignment) => at(at(trace.sums, k), row),
    }));
    if (layer.kind === "step") {
      variables.push(...compileSteps(cs, layer.rows, given));
      finishPart({ kind: "layer", index: k });
      return;
    }
    const results = given.map((sum, row) =>
      compileRow(cs, layer, row, {
        sum,
        factor: () => ({
          value: rowCombination(cs, factorsOf(layer), { row, variables }),
          interval: at(at(factors, k), row),
          valueOf: ({ trace }) => at(at(trace.factors, k), row),
        }),
      }),
    );
    variables.push(...results);
    finishPart({ kind: "layer", index: k });
  });

  const outputEncodings = specOfEach(graph.outputs).map(({ type }, row) =>
    outputBytes(cs, {
      value: rowCombination(cs, graph.outputRows, { row, variables }),
      interval: at(outputs, row),
      type,
      valueOf: ({ trace }) => at(trace.outputs, row),
    }),
  );
  finishPart({ kind: "output" });

  enforceStatement(cs, [...inputs.flatMap(({ bytes }) => bytes), ...outputEncodings.flat()]);
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

interface Operands {
  readonly sum: BoundedValue;
  readonly factor: () => BoundedValue;
}

/** What `resultOf` of `zkml/integer/run.ts` computes. */
function compileRow(
  cs: ConstraintSystem,
  layer: Exclude<IntegerLayer, { readonly kind: "step" }>,
  row: number,
  { sum: given, factor }: Operands,
): LinearCombination {
  const shift = at(layer.shifts, row);
  switch (layer.kind) {
    case "rectifier":
      return rectify(cs, { ...given, shift });
    case "floor":
      return floorShift(cs, { ...given, shift });
    case "product":
      return floorShift(cs, { ...roundedProduct(cs, given, factor(), shift), shift });
    case "function": {
      const argument = plus(cs, given, -at(layer.lows, row));
      return lookUpTable(cs, { table: layer.table, argument, shift });
    }
  }
}

function roundedProduct(
  cs: ConstraintSystem,
  left: BoundedValue,
  right: BoundedValue,
  shift: number,
): BoundedValue {
  const productOf = (assignment: Assignment) =>
    left.valueOf(assignment) * right.valueOf(assignment);
  const product = {
    value: multiply(cs, { left: left.value, right: right.value, productOf }),
    interval: boundProduct(left.interval, right.interval),
    valueOf: productOf,
  };
  return plus(cs, product, roundingHalf(shift));
}

function factorsOf(layer: IntegerLayer): SparseRows {
  if (layer.kind !== "product") throw new RangeError(`a ${layer.kind} has no factors`);
  return layer.factors;
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
