import { compileCircuit } from "../circuit/compile.ts";
import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { quantise, type QuantisationOptions } from "../integer/quantise.ts";
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
  readonly circuit: ConstraintSystem;
}

export interface CompileOptions extends DecodeOptions, QuantisationOptions {
  /** Inputs in the units of the ONNX model, to set scales by. */
  readonly samples: readonly ArrayLike<number>[];
}

/**
 * From an ONNX file to a circuit.
 *
 * @throws ZkmlError of the decoder, the lowering, the quantisation and the circuit compiler.
 */
export function compileModel(onnx: Uint8Array, options: CompileOptions): CompiledModel {
  const network = lower(decodeOnnx(onnx, options));
  const graph = quantise(network, options.samples, options);
  return { onnx, network, graph, circuit: compileCircuit(graph) };
}
