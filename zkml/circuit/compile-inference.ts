import { at } from "../arrays.ts";
import {
  forEachEntry,
  rowCount,
  type IntegerGraph,
  type IntegerLayer,
  type SparseRows,
} from "../integer/graph.ts";
import { boundProduct, type IntervalAnalysis } from "../integer/intervals.ts";
import { roundingHalf } from "../integer/run.ts";
import { specOfEach } from "../integer/tensor-spec.ts";
import { compileSteps } from "./compile-steps.ts";
import type { Assignment, ConstraintSystem, InferenceRun } from "./constraint-system.ts";
import { plus, type BoundedValue } from "./gadgets/bounded-value.ts";
import { floorShift } from "./gadgets/floor-shift.ts";
import { inputInteger } from "./gadgets/input-integer.ts";
import { outputBytes } from "./gadgets/output-integer.ts";
import { multiply } from "./gadgets/product.ts";
import { rectify } from "./gadgets/rectifier.ts";
import { sealBytes } from "./gadgets/sealed-input.ts";
import { lookUpTable } from "./gadgets/table.ts";
import { sum, type LinearCombination, type ScaledPart } from "./linear-combination.ts";
import type { ModelCircuit } from "./model-circuit.ts";
import { packCombinations } from "./packed-combinations.ts";

/** Part of a circuit; layers by their index in the graph. */
export type CircuitPart =
  | { readonly kind: "statement" | "input" | "output" }
  | { readonly kind: "layer"; readonly index: number };

/** One of the inferences that a circuit carries. */
interface Inference {
  readonly graph: IntegerGraph;
  readonly intervals: IntervalAnalysis;
  /** Which of an assignment's runs it is. */
  readonly runOf: (assignment: Assignment) => InferenceRun;
}

/** Emits the constraints of one inference, and returns the words that the chain sees of it. */
export function compileInference(
  cs: ModelCircuit,
  { graph, intervals, runOf }: Inference,
  finishPart: (part: CircuitPart) => void,
): LinearCombination[] {
  const { sums, factors, outputs } = intervals;
  const inputs = specOfEach(graph.inputs).map(({ type }, i) =>
    inputInteger(cs, type, (assignment) => at(runOf(assignment).trace.variables, i)),
  );
  finishPart({ kind: "input" });
  const variables = inputs.map(({ value }) => value);

  graph.layers.forEach((layer, k) => {
    const given = Array.from({ length: rowCount(layer.rows) }, (_, row) => ({
      value: rowCombination(cs, layer.rows, { row, variables }),
      interval: at(at(sums, k), row),
      valueOf: (assignment: Assignment) => at(at(runOf(assignment).trace.sums, k), row),
    }));
    const factorOf = (row: number): BoundedValue => ({
      value: rowCombination(cs, factorsOf(layer), { row, variables }),
      interval: at(at(factors, k), row),
      valueOf: (assignment) => at(at(runOf(assignment).trace.factors, k), row),
    });
    variables.push(...compileLayer(cs, layer, { given, factorOf }));
    finishPart({ kind: "layer", index: k });
  });

  const encodings = specOfEach(graph.outputs).map(({ type }, row) =>
    outputBytes(cs, {
      value: rowCombination(cs, graph.outputRows, { row, variables }),
      interval: at(outputs, row),
      type,
      valueOf: (assignment) => at(runOf(assignment).trace.outputs, row),
    }),
  );
  finishPart({ kind: "output" });
  const bytes = {
    input: inputs.flatMap((encoded) => encoded.bytes),
    output: encodings.flat(),
  };
  return publicWords(cs, bytes, runOf);
}

interface InferenceBytes {
  readonly input: readonly LinearCombination[];
  readonly output: readonly LinearCombination[];
}

/** `wordsOf` inside the circuit, of the bytes or of the commitment to the input and the output's bytes. */
function publicWords(
  cs: ModelCircuit,
  { input, output }: InferenceBytes,
  runOf: Inference["runOf"],
): LinearCombination[] {
  if (cs.form.inputs === "public") return packCombinations([...input, ...output]);
  const { word, lastByte } = sealBytes(cs, input, (assignment) => {
    const { seal } = runOf(assignment);
    if (seal === undefined) throw new RangeError("a private input needs its salt");
    return seal;
  });
  return [word, ...packCombinations([lastByte, ...output])];
}

interface LayerOperands {
  readonly given: readonly BoundedValue[];
  readonly factorOf: (row: number) => BoundedValue;
}

function compileLayer(
  cs: ConstraintSystem,
  layer: IntegerLayer,
  { given, factorOf }: LayerOperands,
): LinearCombination[] {
  if (layer.kind === "step") return compileSteps(cs, layer.rows, given);
  return given.map((sum, row) => compileRow(cs, layer, row, { sum, factor: () => factorOf(row) }));
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
