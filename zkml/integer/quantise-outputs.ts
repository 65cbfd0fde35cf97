import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { isConstantForm, type AffineForm } from "../network/affine.ts";
import type { Network, NetworkOutput } from "../network/network.ts";
import { isInteger } from "../network/value.ts";
import { peakOf } from "./calibration.ts";
import { joinRows, type IntegerGraph, type SparseRows } from "./graph.ts";
import { boundLayers, boundRows, type Interval } from "./intervals.ts";
import { integerRows, largestTerm, maxWeight } from "./quantise-rows.ts";
import { INTEGER_FORMATS, type TensorSpec } from "./tensor-spec.ts";

/** Outputs may use more bits per weight than layers: they cost one constraint each, and int32 has room. */
const OUTPUT_WEIGHT_BITS = 24;

/** Rows and spec of one output. */
interface QuantisedOutput {
  readonly rows: SparseRows;
  readonly spec: TensorSpec;
}

/**
 * Completes a graph by its outputs. Floating-point ones get the finest common scale at which all elements of a tensor provably fit
 * int32; whole numbers stay what they are.
 *
 * @throws ZkmlError `RANGE_OVERFLOW`.
 */
export function withOutputs(
  network: Network,
  graph: Pick<IntegerGraph, "inputs" | "layers">,
  scales: readonly number[],
): IntegerGraph {
  const { variables } = boundLayers(graph);
  const quantised = network.outputs.map((output) =>
    isInteger(output.type) ? wholeOutput(output, scales) : scaledOutput(output, scales, variables),
  );
  return {
    ...graph,
    outputRows: joinRows(quantised.map(({ rows }) => rows)),
    outputs: quantised.map(({ spec }) => spec),
  };
}

function scaledOutput(
  { name, shape, forms }: NetworkOutput,
  scales: readonly number[],
  variables: readonly Interval[],
): QuantisedOutput {
  const { min, max } = INTEGER_FORMATS.int32;
  // Constant outputs (padding, say) take the scale of the others.
  const peaks = forms
    .filter((form) => !isConstantForm(form))
    .map((form) => largestTerm(form, scales));
  const largest = peaks.reduce((peak, term) => Math.max(peak, term), peaks.length > 0 ? 0 : 1);
  const anchor = anchorOf(forms, scales, variables);
  for (let bits = OUTPUT_WEIGHT_BITS; bits >= 2; bits--) {
    const scale = alignedScale(largest / maxWeight(bits), anchor);
    const rows = integerRows(forms, scales, () => ({ scale, offset: 0 }));
    const bounds = boundRows(rows, variables, name);
    if (bounds.every(({ low, high }) => low >= min && high <= max)) {
      return { rows, spec: { name, shape, type: "int32", scale } };
    }
  }
  throw new ZkmlError(
    "RANGE_OVERFLOW",
    `Output "${name}" needs more than 32 bits.`,
    "Quantise with fewer activation bits.",
  );
}

/** Real value of one unit of the variable with the longest range: a weight's rounding counts for most there. */
function anchorOf(
  forms: readonly AffineForm[],
  scales: readonly number[],
  variables: readonly Interval[],
): number {
  let [anchor, longest] = [0, 0];
  for (const form of forms) {
    form.variables.forEach((variable, k) => {
      const peak = peakOf(at(variables, variable));
      if (peak <= longest) return;
      [anchor, longest] = [Math.abs(at(form.coefficients, k)) * at(scales, variable), peak];
    });
  }
  return anchor;
}

/** The scale at or below the given one at which the anchor's weight is whole. */
function alignedScale(scale: number, anchor: number): number {
  return anchor < scale ? scale : anchor / Math.ceil(anchor / scale);
}

/** Whole numbers lie this close to integers, after sums in floating point. */
const EXACT = 1e-6;

function wholeOutput(
  { name, shape, type, forms }: NetworkOutput,
  scales: readonly number[],
): QuantisedOutput {
  const isWhole = forms.every(({ constant, variables, coefficients }) =>
    [constant, ...variables.map((variable, k) => at(coefficients, k) * at(scales, variable))].every(
      (term) => Math.abs(term - Math.round(term)) < EXACT,
    ),
  );
  if (!isWhole) {
    throw new ZkmlError(
      "ONNX_UNSUPPORTED_TYPE",
      `Output "${name}" is ${type}, but is computed from numbers that are rounded.`,
      "Export the model with a floating-point output.",
    );
  }
  const rows = integerRows(forms, scales, () => ({ scale: 1, offset: 0 }));
  // Intervals of what is true or false can be wider than that.
  return { rows, spec: { name, shape, type: type === "bool" ? "int8" : "int32", scale: 1 } };
}
