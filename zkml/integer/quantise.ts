import { at, elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { isConstantForm } from "../network/affine.ts";
import type { Layer, Network } from "../network/network.ts";
import { observe, peakOf } from "./calibration.ts";
import type { IntegerGraph, IntegerLayer } from "./graph.ts";
import { boundLayers, boundRows } from "./intervals.ts";
import {
  quantiseFunction,
  quantiseProduct,
  quantiseRectifier,
  type LayerContext,
  type ScaledLayer,
} from "./quantise-layer.ts";
import { integerRows, largestTerm, maxWeight } from "./quantise-rows.ts";
import { INTEGER_FORMATS, type IntegerType, type TensorSpec } from "./tensor-spec.ts";

export interface QuantisationOptions {
  /** Bits of a weight, sign included: 2 to 16. */
  readonly weightBits?: number;
  /** Bits that a layer's result keeps on the calibration samples; larger results of rectifiers and products are not clipped. */
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
 * scale, so they can be compared with each other. Products keep all their bits while they are few; functions become
 * tables.
 *
 * @param samples Inputs in the units of the ONNX model; they set scales, never limits.
 * @throws ZkmlError `SAMPLES_INVALID`, `ONNX_UNSUPPORTED_TYPE` or `RANGE_OVERFLOW`.
 */
export function quantise(
  network: Network,
  samples: readonly ArrayLike<number>[],
  options: QuantisationOptions = {},
): IntegerGraph {
  return quantiseWithScales(network, samples, options).graph;
}

/** An integer graph, and the real value of one unit of each of its variables. */
export interface ScaledGraph {
  readonly graph: IntegerGraph;
  readonly scales: readonly number[];
}

/** As `quantise`; the scales let a layer's integers be compared with the float network's numbers. */
export function quantiseWithScales(
  network: Network,
  samples: readonly ArrayLike<number>[],
  options: QuantisationOptions = {},
): ScaledGraph {
  const { weightBits, activationBits, inputType } = { ...DEFAULTS, ...options };
  requireSamples(network, samples);
  const input = inputSpec(network, samples, inputType);
  const ranges = observe(network, samples);

  const inputSize = elementCount(input.shape);
  const scales: number[] = Array.from({ length: inputSize }, () => input.scale);
  const peaks: number[] = Array.from({ length: inputSize }, () => INTEGER_FORMATS[input.type].max);
  const layers: IntegerLayer[] = [];
  network.layers.forEach((layer, k) => {
    const observed = at(ranges, k);
    const quantised = quantiseLayer(layer, {
      known: { scales, peaks },
      observed,
      graph: { input, layers },
      bits: { weight: weightBits, activation: activationBits },
    });
    layers.push(quantised.layer);
    scales.push(...quantised.scales);
    peaks.push(...quantised.scales.map((scale, row) => peakOf(at(observed.results, row)) / scale));
  });
  return { graph: withOutputs(network, { input, layers }, scales), scales };
}

function quantiseLayer(layer: Layer, context: LayerContext): ScaledLayer {
  switch (layer.kind) {
    case "rectifier":
      return quantiseRectifier(layer, context);
    case "product":
      return quantiseProduct(layer, context);
    case "function":
      return quantiseFunction(layer, context);
  }
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
