import { at } from "../arrays.ts";
import { compileCircuit, domainPower } from "../circuit/compile.ts";
import { SINGLE, type ProofForm } from "../circuit/proof-form.ts";
import { rowCount, type IntegerGraph, type IntegerLayer } from "../integer/graph.ts";

/** One layer of the lowered network and what it costs. */
interface LayerSize {
  /** The ONNX node it comes from. */
  readonly name: string;
  readonly kind: IntegerLayer["kind"];
  /** Rows: results that the layer computes. */
  readonly size: number;
  /** Weights, also of a product's second factors. */
  readonly weights: number;
  readonly constraints: number;
}

/** Where a circuit's constraints go. */
export interface CircuitSize {
  readonly layers: readonly LayerSize[];
  /** Ranges of the input's integers. */
  readonly input: number;
  /** Outputs as bytes. */
  readonly output: number;
  /** Commitment and challenge. */
  readonly statement: number;
  readonly constraints: number;
  /** Proof and keys live on a domain of `2^domainPower`. */
  readonly domainPower: number;
}

/**
 * Compiles the circuit and counts.
 *
 * @throws ZkmlError `RANGE_OVERFLOW` or `CIRCUIT_TOO_LARGE`.
 */
export function measureCircuit(graph: IntegerGraph, form: ProofForm = SINGLE): CircuitSize {
  const counts = { input: 0, output: 0, statement: 0 };
  const perLayer = graph.layers.map(() => 0);
  const circuit = compileCircuit(graph, form, (part, constraints) => {
    if (part.kind === "layer") perLayer[part.index] = at(perLayer, part.index) + constraints;
    else counts[part.kind] += constraints;
  });
  const layers = graph.layers.map((layer, index) => ({
    ...sizeOf(layer),
    constraints: at(perLayer, index),
  }));
  const total = perLayer.reduce((sum, constraints) => sum + constraints, 0);
  return {
    layers,
    ...counts,
    constraints: total + counts.input + counts.output + counts.statement,
    domainPower: domainPower(circuit),
  };
}

function sizeOf(layer: IntegerLayer): Omit<LayerSize, "constraints"> {
  const { name, kind, rows } = layer;
  const factors = layer.kind === "product" ? layer.factors.weights.length : 0;
  return { name, kind, size: rowCount(rows), weights: rows.weights.length + factors };
}
