import { compileCircuit } from "../circuit/compile.ts";
import type { ModelCircuit } from "../circuit/model-circuit.ts";
import type { ProofForm } from "../circuit/proof-form.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import type { Accuracy } from "../integer/accuracy.ts";
import { quantiseWithin } from "../integer/precision.ts";
import type { QuantisationOptions } from "../integer/quantise.ts";
import { lower } from "../network/lower.ts";
import type { Network } from "../network/network.ts";
import { decodeOnnx, type DecodeOptions } from "../onnx/decode.ts";

/** An ONNX model and everything made from it. */
export interface CompiledModel {
  readonly onnx: Uint8Array;
  /** In floating point, as the ONNX file says. */
  readonly network: Network;
  /** In integers, exact: what is proved. */
  readonly graph: IntegerGraph;
  /** How close the integers are to the floats, on the samples. */
  readonly accuracy: Accuracy;
  readonly circuit: ModelCircuit;
}

export interface CompileOptions extends DecodeOptions, QuantisationOptions {
  /** Inputs in the units of the ONNX model, to set scales by. */
  readonly samples: readonly ArrayLike<number>[];
  /** What a proof carries; without it, one inference that all may see. */
  readonly form?: ProofForm;
  /** For progress displays: the step, and which part of it is done. */
  readonly onProgress?: (step: CompileStep, done: number) => void;
}

export const COMPILE_STEPS = ["lower", "quantise", "circuit"] as const;

type CompileStep = (typeof COMPILE_STEPS)[number];

/**
 * From an ONNX file to a circuit. Without a precision, it is as coarse as integers may be that stay within the tolerance.
 *
 * @throws ZkmlError of the decoder, the lowering, the quantisation and the circuit compiler.
 */
export function compileModel(onnx: Uint8Array, options: CompileOptions): CompiledModel {
  const { samples, form, onProgress } = options;
  onProgress?.("lower", 0);
  const network = lower(decodeOnnx(onnx, options));
  onProgress?.("quantise", 0);
  const { graph, accuracy } = quantiseWithin(network, samples, options);
  onProgress?.("circuit", 0);
  const circuit = compileCircuit(graph, form, (part) => {
    if (part.kind === "layer") onProgress?.("circuit", (part.index + 1) / graph.layers.length);
  });
  return { onnx, network, graph, accuracy, circuit };
}
