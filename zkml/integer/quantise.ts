import { at } from "../arrays.ts";
import type { Layer, Network } from "../network/network.ts";
import { observe, peakOf } from "./calibration.ts";
import type { IntegerGraph, IntegerLayer } from "./graph.ts";
import { inputSpecs, type FloatInputType } from "./quantise-inputs.ts";
import {
  quantiseFloor,
  quantiseFunction,
  quantiseProduct,
  quantiseRectifier,
  quantiseStep,
  type LayerContext,
  type ScaledLayer,
} from "./quantise-layer.ts";
import { withOutputs } from "./quantise-outputs.ts";
import { INTEGER_FORMATS, specOfEach } from "./tensor-spec.ts";

export interface QuantisationOptions {
  /** Bits of a weight, sign included: 2 to 16. */
  readonly weightBits?: number | undefined;
  /** Bits that a layer's result keeps on the calibration samples; larger results of rectifiers and products are not clipped. */
  readonly activationBits?: number | undefined;
  /** Type of the integers of inputs that are floating point. */
  readonly inputType?: FloatInputType | undefined;
}

const DEFAULTS = { weightBits: 8, activationBits: 12, inputType: "int8" } as const;

/**
 * Turns a float network into an integer graph.
 *
 * Symmetric scheme (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
 * Inference", CVPR 2018), with power-of-two rescaling: each row of weights has its own scale, chosen so that its largest
 * weight just fits; each rectified sum drops low bits until it keeps `activationBits` on the samples. A row's scale
 * passes into the weights of the rows that read it, so per-row scales cost nothing at inference. The elements of an output
 * share one scale, so they can be compared with each other. Products keep all their bits while they are few; functions become
 * tables.
 *
 * @param samples Elements of all inputs, in the units of the ONNX model; they set scales, never limits.
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
  const {
    weightBits = DEFAULTS.weightBits,
    activationBits = DEFAULTS.activationBits,
    inputType = DEFAULTS.inputType,
  } = options;
  const inputs = inputSpecs(network, samples, inputType);
  const ranges = observe(network, samples);

  const scales = specOfEach(inputs).map(({ scale }) => scale);
  const peaks = specOfEach(inputs).map(({ type }) => INTEGER_FORMATS[type].max);
  const layers: IntegerLayer[] = [];
  network.layers.forEach((layer, k) => {
    const observed = at(ranges, k);
    const quantised = quantiseLayer(layer, {
      known: { scales, peaks },
      observed,
      graph: { inputs, layers },
      bits: { weight: weightBits, activation: activationBits },
    });
    layers.push(quantised.layer);
    scales.push(...quantised.scales);
    peaks.push(...quantised.scales.map((scale, row) => peakOf(at(observed.results, row)) / scale));
  });
  return { graph: withOutputs(network, { inputs, layers }, scales), scales };
}

function quantiseLayer(layer: Layer, context: LayerContext): ScaledLayer {
  switch (layer.kind) {
    case "rectifier":
      return quantiseRectifier(layer, context);
    case "step":
      return quantiseStep(layer, context);
    case "floor":
      return quantiseFloor(layer, context);
    case "product":
      return quantiseProduct(layer, context);
    case "function":
      return quantiseFunction(layer, context);
  }
}
