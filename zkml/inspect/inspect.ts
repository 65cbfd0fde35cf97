import { elementCount, listOf } from "../arrays.ts";
import type { ProofForm } from "../circuit/proof-form.ts";
import { ZkmlError, type ZkmlErrorCode } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import type { QuantisationOptions } from "../integer/quantise.ts";
import { INTEGER_FORMATS } from "../integer/tensor-spec.ts";
import { lower } from "../network/lower.ts";
import type { Network } from "../network/network.ts";
import { isInteger } from "../network/value.ts";
import { decodeOnnx, type DecodeOptions } from "../onnx/decode.ts";
import type { ElementType } from "../onnx/schema.ts";
import { outlineOnnx, type NodeOutline, type TensorOutline } from "../onnx/outline.ts";
import type { Accuracy } from "../integer/accuracy.ts";
import { measureCircuit, type CircuitSize } from "./circuit-size.ts";
import { quantiseWithin } from "../integer/precision.ts";
import { countOperators, unsupportedNodes, type OperatorCount } from "./operators.ts";

/** What a publisher wants to know of a network before compiling or paying for it. */
export interface Inspection {
  readonly opset: number;
  readonly inputs: readonly TensorOutline[];
  readonly outputs: readonly TensorOutline[];
  readonly parameters: number;
  readonly operators: readonly OperatorCount[];
  /** All nodes whose operator is not supported. */
  readonly unsupported: readonly NodeOutline[];
  /** What keeps the network from being compiled. */
  readonly obstacle?: Obstacle;
  /** Unless there is an obstacle. */
  readonly circuit?: CircuitSize & {
    /** False where made-up samples chose the scales: real ones move the counts a little. */
    readonly isExact: boolean;
  };
  /** On samples, if there are any. */
  readonly accuracy?: Accuracy;
}

interface Obstacle {
  readonly code: ZkmlErrorCode;
  readonly message: string;
}

export interface InspectOptions extends DecodeOptions, QuantisationOptions {
  /** Inputs in the units of the ONNX model. */
  readonly samples?: readonly ArrayLike<number>[];
  /** What a proof carries; without it, one inference that all may see. */
  readonly form?: ProofForm;
}

/**
 * Looks at an ONNX network. What keeps it from being compiled is part of the answer, not a failure.
 *
 * @throws ZkmlError `ONNX_UNREADABLE`, or `SAMPLES_INVALID` for samples that do not fit.
 */
export function inspectOnnx(file: Uint8Array, options: InspectOptions = {}): Inspection {
  return { ...describe(file), ...withObstacle(() => measure(file, options)) };
}

/**
 * Looks at a network that was compiled: its graph is what counts. Accuracy is measured on its ONNX file, with the options
 * it was compiled with: a package does not keep the scales of its layers.
 */
export function inspectPackage(
  onnx: Uint8Array,
  graph: IntegerGraph,
  { inputs, inferences }: ProofForm,
): Inspection {
  const circuit = measureCircuit(graph, { inputs, inferences });
  return { ...describe(onnx), circuit: { ...circuit, isExact: true } };
}

function describe(file: Uint8Array) {
  const { nodes, ...outline } = outlineOnnx(file);
  return { ...outline, operators: countOperators(nodes), unsupported: unsupportedNodes(nodes) };
}

type Measures = Pick<Inspection, "circuit" | "accuracy">;

function measure(file: Uint8Array, { samples, form, ...options }: InspectOptions): Measures {
  const network = lower(decodeOnnx(file, options));
  const { graph, accuracy } = quantiseWithin(network, samples ?? madeUpSamples(network), options);
  const circuit = { ...measureCircuit(graph, form), isExact: samples !== undefined };
  return samples === undefined ? { circuit } : { circuit, accuracy };
}

function withObstacle(action: () => Measures): Measures & Pick<Inspection, "obstacle"> {
  try {
    return action();
  } catch (error) {
    // Bad samples are a mistake of whoever asks, not a property of the network.
    if (!(error instanceof ZkmlError) || error.code === "SAMPLES_INVALID") throw error;
    return { obstacle: { code: error.code, message: error.message } };
  }
}

/** Multiples of the golden ratio, modulo one, spread evenly however many are taken. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
const MADE_UP_SAMPLES = 8;

/** Inputs spread over the range of an integer type, or from -1 to 1. The same each time. */
function madeUpSamples({ inputs }: Network): number[][] {
  const types = inputs.flatMap(({ shape, type }) => listOf(elementCount(shape), () => type));
  return listOf(MADE_UP_SAMPLES, (sample) =>
    types.map((type, element) => {
      const part = ((sample * types.length + element + 1) * GOLDEN_RATIO) % 1;
      const { min, max } = madeUpRange(type);
      const value = min + part * (max - min);
      return isInteger(type) ? Math.round(value) : value;
    }),
  );
}

function madeUpRange(type: ElementType): { readonly min: number; readonly max: number } {
  if (type === "bool" || type === "uint8" || type === "int8") return INTEGER_FORMATS[type];
  return isInteger(type) ? { min: 0, max: 1 } : { min: -1, max: 1 };
}
