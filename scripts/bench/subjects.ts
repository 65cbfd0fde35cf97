import path from "node:path";
import process from "node:process";
import { at, listOf } from "../../zkml/arrays.ts";
import type { ConstraintSystem } from "../../zkml/circuit/constraint-system.ts";
import type { ModelCircuit } from "../../zkml/circuit/model-circuit.ts";
import { FIELD_ORDER } from "../../zkml/circuit/field.ts";
import type { WitnessVector } from "../../zkml/circuit/witness-vector.ts";
import { proveRun } from "../../zkml/circuit/witness.ts";
import { readVector, variations } from "../../zkml/corpus/vector.ts";
import type { IntegerGraph } from "../../zkml/integer/graph.ts";
import type { QuantisationOptions } from "../../zkml/integer/quantise.ts";
import { byteLength } from "../../zkml/integer/tensor-spec.ts";
import { compileModel, type CompiledModel } from "../../zkml/model/compile-model.ts";
import { NO_REQUEST } from "../../zkml/prove/prover.ts";
import { ProductCircuit } from "../../zkml/testing/circuits.ts";
import { perceptronFile, randomBytes } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/random.ts";
import { compileStored } from "../models/model.ts";
import { MODELS } from "../models/models.ts";
import { compileWithWeightsAsWires, countWeights } from "./private-weights.ts";
import { groupedRows } from "./row-counts.ts";

/** A circuit, and how to compute a witness of it. */
export interface Subject {
  readonly circuit: ConstraintSystem;
  readonly run: () => WitnessVector;
  /** Of a model that can be verified on chain. */
  readonly onChain?: {
    readonly graph: IntegerGraph;
    readonly circuit: ModelCircuit;
    readonly input: Uint8Array;
  };
}

/** A circuit that is too large to be emitted, and only counted. */
interface Counted {
  readonly counted: number;
}

export type Compile = () => Promise<Subject | Counted> | Subject | Counted;

/** Of the public networks, some of each kind; the last is large. */
const PUBLIC_NETWORKS = [
  "2l_relu_sigmoid_small",
  "3l_relu_conv_fc",
  "1l_softmax",
  "variable_cnn",
  "idolmodel",
];

/** Sizes of perceptrons on bytes with random weights. */
const PERCEPTRONS = [
  [12, 5, 3],
  [64, 32, 10],
];

/** One that others publish figures of, with the bits of activations that its outputs need. */
const LARGE_PERCEPTRON = { sizes: [784, 2000, 60, 4000, 10], activationBits: 9 };

/** One in so many wires of a synthetic circuit is full-size; the rest are bits, as in networks. */
const FULL_SIZE_EVERY = 16;

/**
 * All subjects by their names: models, each also with its weights as wires where that can be compared, and synthetic
 * circuits of `2^12` to `2^maxPower` rows.
 */
export function subjects(maxPower: number): ReadonlyMap<string, Compile> {
  const models: (readonly [string, () => Promise<CompiledModel>])[] = [
    ...PERCEPTRONS.map(
      (sizes) => [`perceptron ${sizes.join("-")}`, () => perceptron(sizes)] as const,
    ),
    ["perceptron 784-64-10", () => perceptron([784, 64, 10])],
    ...MODELS.map((model) => [`model ${model.name}`, () => compileStored(model)] as const),
    [
      `perceptron ${LARGE_PERCEPTRON.sizes.join("-")}`,
      () => perceptron(LARGE_PERCEPTRON.sizes, LARGE_PERCEPTRON),
    ],
    ...publicNetworks(),
  ];
  const powers = listOf(Math.max(0, maxPower - 11), (i) => i + 12);
  return new Map<string, Compile>([
    ...models.flatMap(([name, compile]): [string, Compile][] => [
      [name, async () => ofModel(await compile())],
      ...(isOfRectifiers(name)
        ? [
            [`${name}${AS_WIRES}`, async () => withWires(await compile(), maxPower)] as [
              string,
              Compile,
            ],
          ]
        : []),
    ]),
    ...powers.map((power): [string, Compile] => [`synthetic 2^${power}`, () => synthetic(power)]),
  ]);
}

const AS_WIRES = ", weights as wires";

/** By name, because it has to be known before anything is compiled. */
function isOfRectifiers(name: string): boolean {
  return name.startsWith("perceptron ");
}

function publicNetworks(): [string, () => Promise<CompiledModel>][] {
  const { VECTORS_DIR } = process.env;
  if (VECTORS_DIR === undefined) return [];
  return PUBLIC_NETWORKS.map((name) => [
    name,
    () => publicNetwork(path.join(VECTORS_DIR, "onnx", name)),
  ]);
}

async function publicNetwork(folder: string): Promise<CompiledModel> {
  const { onnx, inputs } = await readVector(folder);
  const samples = variations(inputs.flat());
  return compileModel(onnx, { samples, dimensions: { batch_size: 1 } });
}

function perceptron(
  sizes: readonly number[],
  precision: QuantisationOptions = {},
): Promise<CompiledModel> {
  const random = seededRandom(7);
  const samples = listOf(20, () => randomBytes(at(sizes, 0), random));
  return Promise.resolve(compileModel(perceptronFile(sizes, random), { samples, ...precision }));
}

function ofModel({ graph, circuit }: Pick<CompiledModel, "graph" | "circuit">): Subject {
  const input = randomBytes(byteLength(graph.inputs), seededRandom(1));
  const run = (): WitnessVector => proveRun(graph, circuit, { input, context: NO_REQUEST }).witness;
  return { circuit, run, onChain: { graph, circuit, input } };
}

function withWires({ graph, circuit }: CompiledModel, maxPower: number): Subject | Counted {
  const counted = groupedRows(circuit).all + countWeights(graph);
  if (counted > 2 ** maxPower) return { counted };
  const { circuit: compared, run } = ofModel({
    graph,
    circuit: compileWithWeightsAsWires(graph),
  });
  return { circuit: compared, run };
}

function synthetic(power: number): Subject {
  const random = seededRandom(power);
  // Room for the rows of the statement.
  const products = new ProductCircuit(2 ** power - 8);
  const values = listOf(2 ** power - 8, (i) =>
    i % FULL_SIZE_EVERY === 0
      ? FIELD_ORDER / BigInt(3 + Math.floor(random() * 2 ** 31))
      : Math.floor(random() * 2),
  );
  return { circuit: products.cs, run: () => products.witness(values) };
}
