import type { ValueInfo } from "../onnx/model.ts";
import { evaluateForm, type AffineForm } from "./affine.ts";

/**
 * A network in normal form: layers of ReLU over affine forms, then affine outputs.
 *
 * Variables are numbered through: first the input elements in row-major order, then the outputs of each rectifier layer.
 * A form of layer `k` only names variables of the input and of layers before `k`.
 */
export interface Network {
  readonly input: ValueInfo;
  readonly output: ValueInfo;
  readonly layers: readonly RectifierLayer[];
  readonly outputs: readonly AffineForm[];
}

/** `max(0, form)` for each form; each result is a new variable. */
export interface RectifierLayer {
  /** The ONNX node it comes from, for error messages. */
  readonly name: string;
  readonly forms: readonly AffineForm[];
}

/** What one floating-point run computes. */
export interface FloatTrace {
  /** Per layer, per row: the sum before rectification. */
  readonly sums: readonly (readonly number[])[];
  readonly outputs: readonly number[];
}

/** Runs the network in double precision: the reference that calibration and accuracy figures are taken from. */
export function runNetwork(network: Network, input: ArrayLike<number>): FloatTrace {
  const variables = Array.from(input);
  const sums = network.layers.map(({ forms }) => {
    const layerSums = forms.map((form) => evaluateForm(form, variables));
    for (const sum of layerSums) variables.push(Math.max(0, sum));
    return layerSums;
  });
  return { sums, outputs: network.outputs.map((form) => evaluateForm(form, variables)) };
}
