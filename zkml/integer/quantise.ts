import { at, elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { isConstantForm, type AffineForm } from "../network/affine.ts";
import { runNetwork, type Network } from "../network/network.ts";
import type { IntegerGraph, IntegerLayer, SparseRows } from "./graph.ts";
import { boundLayers, boundRows } from "./intervals.ts";
import { INTEGER_FORMATS, type IntegerType, type TensorSpec } from "./tensor-spec.ts";

export interface QuantisationOptions {
  /** Bits of a weight, sign included: 2 to 16. */
  readonly weightBits?: number;
  /** Bits that a rectified value keeps on the calibration samples; larger values are not clipped. */
  readonly activationBits?: number;
  /** Type of the input's integers, where the ONNX input is floating point. */
  readonly inputType?: "int8" | "int16";
}

const DEFAULTS = { weightBits: 8, activationBits: 12, inputType: "int8" } as const;

/**
 * Turns a float network into an integer graph.
 *
 * Symmetric scheme (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference", CVPR 2018), with power-of-two rescaling: each row of weights has its own scale, chosen so that its largest
 * weight just fits; each rectified sum drops low bits until it keeps `activationBits` on the samples. A row's scale
 * passes into the weights of the rows that read it, so per-row scales cost nothing at inference. Outputs share one
 * scale, so they can be compared with each other.
 *
 * @param samples Inputs in the units of the ONNX model; they set scales, never limits.
 * @throws ZkmlError `SAMPLES_INVALID`, `ONNX_UNSUPPORTED_TYPE` or `RANGE_OVERFLOW`.
 */
export function quantise(
  network: Network,
  samples: readonly ArrayLike<number>[],
  options: QuantisationOptions = {},
): IntegerGraph {
  const { weightBits, activationBits, inputType } = { ...DEFAULTS, ...options };
  requireSamples(network, samples);
  const input = inputSpec(network, samples, inputType);
  const peaks = layerPeaks(network, samples);

  const scales: number[] = Array.from({ length: elementCount(input.shape) }, () => input.scale);
  const layers = network.layers.map(({ name, forms }, k): IntegerLayer => {
    const rowScales = forms.map(
      (form) =>
        exactScale(form, scales, maxWeight(weightBits)) ??
        largestTerm(form, scales) / maxWeight(weightBits),
    );
    const shifts = Uint8Array.from(rowScales, (scale, row) => {
      const peak = at(at(peaks, k), row) / scale;
      return Math.max(0, Math.ceil(Math.log2((peak + 1) / 2 ** activationBits)));
    });
    const rows = integerRows(forms, scales, (row) => ({
      scale: at(rowScales, row),
      offset: roundingHalf(at(shifts, row)),
    }));
    scales.push(...rowScales.map((scale, row) => scale * 2 ** at(shifts, row)));
    return { name, rows, shifts };
  });
  return withOutputs(network, { input, layers }, scales);
}

/** Adding half a unit before the low bits are dropped makes the drop a rounding to nearest. */
function roundingHalf(shift: number): number {
  return shift === 0 ? 0 : 2 ** (shift - 1);
}

function maxWeight(bits: number): number {
  return 2 ** (bits - 1) - 1;
}

/** Outputs may use more bits per weight than layers: they cost one constraint each, and int32 has room. */
const OUTPUT_WEIGHT_BITS = 24;

/** Output rows at the finest common scale whose values provably fit int32. */
function withOutputs(
  network: Network,
  graph: Pick<IntegerGraph, "input" | "layers">,
  scales: readonly number[],
): IntegerGraph {
  const { name, shape } = network.output;
  const { variables } = boundLayers(graph);
  const { min, max } = INTEGER_FORMATS.int32;
  // Constant outputs (padding, say) take the scale of the others.
  const computed = network.outputs.filter((form) => !isConstantForm(form));
  const peaks = computed.map((form) => largestTerm(form, scales));
  const largest = peaks.reduce((peak, term) => Math.max(peak, term), peaks.length > 0 ? 0 : 1);
  for (let bits = OUTPUT_WEIGHT_BITS; bits >= 2; bits--) {
    const scale = largest / maxWeight(bits);
    const outputRows = integerRows(network.outputs, scales, () => ({ scale, offset: 0 }));
    if (
      boundRows(outputRows, variables, name).every(({ low, high }) => low >= min && high <= max)
    ) {
      return { ...graph, outputRows, output: { name, shape, type: "int32", scale } };
    }
  }
  throw new ZkmlError(
    "RANGE_OVERFLOW",
    `Output "${name}" needs more than 32 bits.`,
    "Quantise with fewer activation bits.",
  );
}

/** Largest contribution of one unit of any variable; 1 for a form that reads none, so that scales stay positive. */
function largestTerm(form: AffineForm, scales: readonly number[]): number {
  const terms = form.variables.map((variable, k) =>
    Math.abs(at(form.coefficients, k) * at(scales, variable)),
  );
  const largest = terms.reduce((max, term) => Math.max(max, term), 0);
  return largest > 0 ? largest : 1;
}

/**
 * The scale at which a row without a constant needs no rounding, if there is one: all its weights are then whole, and the
 * smallest is 1. Differences, as maxima are made of, stay exact this way, and need the fewest bits.
 */
function exactScale(
  { constant, variables, coefficients }: AffineForm,
  scales: readonly number[],
  limit: number,
): number | undefined {
  const terms = variables.map((variable, k) =>
    Math.abs(at(coefficients, k) * at(scales, variable)),
  );
  const smallest = terms.reduce((min, term) => Math.min(min, term), Infinity);
  const isExact = terms.every(
    (term) => Number.isInteger(term / smallest) && term <= limit * smallest,
  );
  return constant === 0 && isExact ? smallest : undefined;
}

function integerRows(
  forms: readonly AffineForm[],
  scales: readonly number[],
  target: (row: number) => { scale: number; offset: number },
): SparseRows {
  const starts = [0];
  const variables: number[] = [];
  const weights: number[] = [];
  const bias = forms.map((form, row) => {
    const { scale, offset } = target(row);
    form.variables.forEach((variable, k) => {
      const weight = Math.round((at(form.coefficients, k) * at(scales, variable)) / scale);
      if (weight === 0) return;
      variables.push(variable);
      weights.push(weight);
    });
    starts.push(variables.length);
    return Math.round(form.constant / scale) + offset;
  });
  return {
    starts: Uint32Array.from(starts),
    variables: Uint32Array.from(variables),
    weights: Int32Array.from(weights),
    bias: Float64Array.from(bias),
  };
}

/** Per layer and row, the largest sum seen on the samples. */
function layerPeaks(network: Network, samples: readonly ArrayLike<number>[]): number[][] {
  const peaks = network.layers.map(({ forms }) => forms.map(() => 0));
  for (const sample of samples) {
    const { sums } = runNetwork(network, sample);
    sums.forEach((layerSums, k) => {
      const layer = at(peaks, k);
      layerSums.forEach((sum, row) => {
        layer[row] = Math.max(at(layer, row), sum);
      });
    });
  }
  return peaks;
}

function inputSpec(
  network: Network,
  samples: readonly ArrayLike<number>[],
  floatType: "int8" | "int16",
): TensorSpec {
  const { name, shape, type } = network.input;
  switch (type) {
    case "uint8":
    case "int8":
      return { name, shape, type, scale: 1 };
    case "float":
    case "double":
      return { name, shape, type: floatType, scale: floatScale(samples, floatType) };
    default:
      throw new ZkmlError(
        "ONNX_UNSUPPORTED_TYPE",
        `Input "${name}" is ${type}.`,
        "Export the model with a float32, uint8 or int8 input.",
      );
  }
}

function floatScale(samples: readonly ArrayLike<number>[], type: IntegerType): number {
  const peak = samples.reduce(
    (max, sample) =>
      Array.from(sample).reduce((inner, value) => Math.max(inner, Math.abs(value)), max),
    0,
  );
  return peak > 0 ? peak / INTEGER_FORMATS[type].max : 1;
}

function requireSamples(network: Network, samples: readonly ArrayLike<number>[]): void {
  const size = elementCount(network.input.shape);
  const bad = samples.findIndex(
    (sample) => sample.length !== size || !Array.from(sample).every(Number.isFinite),
  );
  if (samples.length > 0 && bad === -1) return;
  throw new ZkmlError(
    "SAMPLES_INVALID",
    samples.length === 0
      ? "No calibration sample was given."
      : `Calibration sample #${bad} does not hold ${size} finite numbers.`,
    "Give at least one sample of the input, each a flat list of its elements.",
  );
}
