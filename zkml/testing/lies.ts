import { at, listOf } from "../arrays.ts";
import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import { WitnessVector } from "../circuit/witness-vector.ts";
import type { IntegerGraph, SparseRows } from "../integer/graph.ts";
import { runIntegerGraph, type IntegerTrace } from "../integer/run.ts";
import { INTEGER_FORMATS, specOfEach } from "../integer/tensor-spec.ts";
import type { Random } from "../random.ts";

/** A model with one input. */
export interface Scene {
  readonly graph: IntegerGraph;
  readonly circuit: ConstraintSystem;
  /** Integers of the inputs' types. */
  readonly input: readonly number[];
}

/** A witness that is made as honest ones are, of a run that did not happen. All that follows from the lie is right. */
export interface Lie {
  readonly claim: string;
  readonly witness: WitnessVector;
}

/** Any number does: the circuit takes the challenge as it comes. */
const CHALLENGE = 2n ** 200n + 7n;

export function witnessOf({ circuit }: Scene, trace: IntegerTrace): WitnessVector {
  const witness = new WitnessVector(circuit.wireCount);
  circuit.fill(witness, { runs: [{ trace }], challenge: CHALLENGE });
  return witness;
}

/** Every byte of every output changed, in three ways, with commitment and evaluation made for it. */
export function* otherOutputs(scene: Scene): Generator<Lie> {
  const trace = runIntegerGraph(scene.graph, scene.input);
  const specs = specOfEach(scene.graph.outputs);
  for (const [index, { type }] of specs.entries()) {
    const { bytes } = INTEGER_FORMATS[type];
    const honest = at(trace.outputs, index);
    for (const [byte, change] of listOf(bytes, (k) => [k, 256 ** k] as const)) {
      for (const claimed of [honest + change, honest - change, flipTop(honest, change)]) {
        const outputs = trace.outputs.with(index, claimed);
        const claim = `output ${index} is ${claimed} instead of ${honest} (byte ${byte})`;
        yield { claim, witness: witnessOf(scene, { ...trace, outputs }) };
      }
    }
  }
}

/** With the top bit of the byte that weighs `unit` turned around. */
function flipTop(value: number, unit: number): number {
  const weight = 128 * unit;
  return Math.floor(value / weight) % 2 === 0 ? value + weight : value - weight;
}

export interface LieCount {
  readonly count: number;
  readonly random: Random;
}

/** Other input bytes than those that were run on. */
export function* otherInputs(scene: Scene, { count, random }: LieCount): Generator<Lie> {
  const { graph, input } = scene;
  const trace = runIntegerGraph(graph, input);
  const specs = specOfEach(graph.inputs);
  for (let i = 0; i < count; i++) {
    const index = Math.floor(random() * input.length);
    const { min, max } = INTEGER_FORMATS[at(specs, index).type];
    const value = min + Math.floor(random() * (max - min + 1));
    const changed = input.with(index, value);
    if (!differ(runIntegerGraph(graph, changed), trace)) continue;
    const variables = trace.variables.slice();
    variables.set(changed);
    const claim = `input ${index} is ${value} instead of ${at(input, index)}`;
    yield { claim, witness: witnessOf(scene, { ...trace, variables }) };
  }
}

/** Runs of models with one weight or one constant changed a little. */
export function* otherModels(scene: Scene, { count, random }: LieCount): Generator<Lie> {
  const { graph, input } = scene;
  const honest = runIntegerGraph(graph, input);
  for (let i = 0; i < count; i++) {
    const part = Math.floor(random() * (graph.layers.length + 1));
    const changed = changeGraph(graph, part, random);
    const trace = runIntegerGraph(changed, input);
    if (!differ(trace, honest)) continue;
    yield { claim: `another layer ${part}`, witness: witnessOf(scene, trace) };
  }
}

function differ(one: IntegerTrace, other: IntegerTrace): boolean {
  return one.outputs.some((value, k) => value !== other.outputs[k]);
}

/** The graph with one number of a layer, or of the output rows behind the last, changed. */
function changeGraph(graph: IntegerGraph, part: number, random: Random): IntegerGraph {
  const layer = graph.layers[part];
  if (layer === undefined) return { ...graph, outputRows: changeRows(graph.outputRows, random) };
  const changed =
    layer.kind === "product" && random() < 0.5
      ? { ...layer, factors: changeRows(layer.factors, random) }
      : { ...layer, rows: changeRows(layer.rows, random) };
  return { ...graph, layers: graph.layers.with(part, changed) };
}

function changeRows(rows: SparseRows, random: Random): SparseRows {
  const change = (random() < 0.5 ? 1 : -1) * 2 ** Math.floor(random() * 12);
  if (rows.weights.length > 0 && random() < 0.5) {
    const entry = Math.floor(random() * rows.weights.length);
    return { ...rows, weights: rows.weights.with(entry, at(rows.weights, entry) + change) };
  }
  const row = Math.floor(random() * rows.bias.length);
  return { ...rows, bias: rows.bias.with(row, at(rows.bias, row) + change) };
}
