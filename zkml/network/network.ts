import { at, elementCount } from "../arrays.ts";
import type { ValueInfo } from "../onnx/model.ts";
import { evaluateForm, type AffineForm } from "./affine.ts";
import type { ScalarFunction } from "./scalar-functions.ts";

/**
 * A network in normal form: layers of what is not affine over affine forms, then affine outputs.
 *
 * Variables are numbered through: first the elements of all inputs in row-major order, then the results of each layer. A form of
 * layer `k` only names variables of the input and of layers before `k`.
 */
export interface Network {
  readonly inputs: readonly ValueInfo[];
  readonly layers: readonly Layer[];
  readonly outputs: readonly NetworkOutput[];
}

/** One output tensor. */
export interface NetworkOutput extends ValueInfo {
  /** Its elements, in row-major order. */
  readonly forms: readonly AffineForm[];
}

/** Each row of a layer is a new variable. */
export type Layer = RectifierLayer | StepLayer | FloorLayer | ProductLayer | FunctionLayer;

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

/** 1 where `form > 0`, else 0. */
export interface StepLayer extends LayerBase {
  readonly kind: "step";
}

/** The largest whole number that is not above `form`. */
export interface FloorLayer extends LayerBase {
  readonly kind: "floor";
}

/** `form · factor`. */
export interface ProductLayer extends LayerBase {
  readonly kind: "product";
  readonly factors: readonly AffineForm[];
  /** To what the forms may be rounded; zero: that is for the quantiser to find. */
  readonly unit: number;
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
  /** Per output tensor. */
  readonly outputs: readonly (readonly number[])[];
}

/** How many elements all inputs have together. */
export function inputSizeOf({ inputs }: Pick<Network, "inputs">): number {
  return inputs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/**
 * Runs the network in double precision: the reference that calibration and accuracy figures are taken from.
 *
 * @param input The elements of all inputs, one after the other.
 */
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
  const outputs = network.outputs.map(({ forms }) =>
    forms.map((form) => evaluateForm(form, variables)),
  );
  return { sums, results, outputs };
}

function resultsOf(layer: Layer, sums: readonly number[], variables: readonly number[]): number[] {
  switch (layer.kind) {
    case "rectifier":
      return sums.map((sum) => Math.max(0, sum));
    case "step":
      return sums.map((sum) => (sum > 0 ? 1 : 0));
    case "floor":
      return sums.map(Math.floor);
    case "product":
      return sums.map((sum, row) => sum * evaluateForm(at(layer.factors, row), variables));
    case "function":
      return sums.map(layer.function.evaluate);
  }
}
