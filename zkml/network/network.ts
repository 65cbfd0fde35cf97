import { at } from "../arrays.ts";
import type { ValueInfo } from "../onnx/model.ts";
import { evaluateForm, type AffineForm } from "./affine.ts";
import type { ScalarFunction } from "./scalar-functions.ts";

/**
 * A network in normal form: layers of what is not affine over affine forms, then affine outputs.
 *
 * Variables are numbered through: first the input elements in row-major order, then the results of each layer. A form of
 * layer `k` only names variables of the input and of layers before `k`.
 */
export interface Network {
  readonly input: ValueInfo;
  readonly output: ValueInfo;
  readonly layers: readonly Layer[];
  readonly outputs: readonly AffineForm[];
}

/** Each row of a layer is a new variable. */
export type Layer = RectifierLayer | ProductLayer | FunctionLayer;

interface LayerBase {
  /** The ONNX node it comes from, for error messages. */
  readonly name: string;
  /** What each row is computed from. */
  readonly forms: readonly AffineForm[];
}

/** `max(0, form)`. */
export interface RectifierLayer extends LayerBase {
  readonly kind: "rectifier";
}

/** `form · factor`. */
export interface ProductLayer extends LayerBase {
  readonly kind: "product";
  readonly factors: readonly AffineForm[];
}

/** `function(form)`. */
export interface FunctionLayer extends LayerBase {
  readonly kind: "function";
  readonly function: ScalarFunction;
}

/** What one floating-point run computes. */
export interface FloatTrace {
  /** Per layer, per row: the value of the form. */
  readonly sums: readonly (readonly number[])[];
  /** Per layer, per row: its result. */
  readonly results: readonly (readonly number[])[];
  readonly outputs: readonly number[];
}

/** Runs the network in double precision: the reference that calibration and accuracy figures are taken from. */
export function runNetwork(network: Network, input: ArrayLike<number>): FloatTrace {
  const variables = Array.from(input);
  const sums: number[][] = [];
  const results: number[][] = [];
  for (const layer of network.layers) {
    const layerSums = layer.forms.map((form) => evaluateForm(form, variables));
    const layerResults = resultsOf(layer, layerSums, variables);
    variables.push(...layerResults);
    sums.push(layerSums);
    results.push(layerResults);
  }
  return { sums, results, outputs: network.outputs.map((form) => evaluateForm(form, variables)) };
}

function resultsOf(layer: Layer, sums: readonly number[], variables: readonly number[]): number[] {
  switch (layer.kind) {
    case "rectifier":
      return sums.map((sum) => Math.max(0, sum));
    case "product":
      return sums.map((sum, row) => sum * evaluateForm(at(layer.factors, row), variables));
    case "function":
      return sums.map(layer.function.evaluate);
  }
}
