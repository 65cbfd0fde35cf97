import path from "node:path";
import process from "node:process";
import { at, listOf } from "../../zkml/arrays.ts";
import { domainPower } from "../../zkml/circuit/compile.ts";
import type { ConstraintSystem } from "../../zkml/circuit/constraint-system.ts";
import { FIELD_ORDER } from "../../zkml/circuit/field.ts";
import type { WitnessVector } from "../../zkml/circuit/witness-vector.ts";
import { proveRun } from "../../zkml/circuit/witness.ts";
import { readVector, variations } from "../../zkml/corpus/vector.ts";
import { byteLength } from "../../zkml/integer/tensor-spec.ts";
import { compileModel, type CompiledModel } from "../../zkml/model/compile-model.ts";
import { NO_REQUEST } from "../../zkml/prove/prover.ts";
import { ProductCircuit } from "../../zkml/testing/circuits.ts";
import { perceptronFile, randomBytes } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/testing/random.ts";
import { compileStored } from "../models/model.ts";
import { MODELS } from "../models/models.ts";

/** A circuit, and how to compute a witness of it. */
interface Subject {
  readonly circuit: ConstraintSystem;
  /** Rows that enforce something. */
  readonly constraints: number;
  /** Rows of the domain are `2^power`. */
  readonly power: number;
  readonly run: () => WitnessVector;
}

export type Compile = () => Promise<Subject> | Subject;

/** Of the public networks, some of each kind. */
const PUBLIC_NETWORKS = ["2l_relu_sigmoid_small", "3l_relu_conv_fc", "1l_softmax", "variable_cnn"];

/** One in so many wires of a synthetic circuit is full-size; the rest are bits, as in networks. */
const FULL_SIZE_EVERY = 16;

/** All subjects by their names: models, and synthetic circuits of `2^12` to `2^maxPower` rows. */
export function subjects(maxPower: number): ReadonlyMap<string, Compile> {
  const powers = listOf(maxPower - 11, (i) => i + 12);
  return new Map<string, Compile>([
    ["perceptron 12-5-3", () => perceptron([12, 5, 3])],
    ["perceptron 64-32-10", () => perceptron([64, 32, 10])],
    ...MODELS.map((model): [string, Compile] => [
      `model ${model.name}`,
      async () => ofModel(await compileStored(model)),
    ]),
    ...publicNetworks(),
    ...powers.map((power): [string, Compile] => [`synthetic 2^${power}`, () => synthetic(power)]),
  ]);
}

function publicNetworks(): [string, Compile][] {
  const { VECTORS_DIR } = process.env;
  if (VECTORS_DIR === undefined) return [];
  return PUBLIC_NETWORKS.map((name) => [
    name,
    async () => ofModel(await publicNetwork(path.join(VECTORS_DIR, "onnx", name))),
  ]);
}

async function publicNetwork(folder: string): Promise<CompiledModel> {
  const { onnx, inputs } = await readVector(folder);
  const samples = variations(inputs.flat());
  return compileModel(onnx, { samples, dimensions: { batch_size: 1 } });
}

function perceptron(sizes: readonly number[]): Subject {
  const random = seededRandom(7);
  const samples = listOf(20, () => randomBytes(at(sizes, 0), random));
  return ofModel(compileModel(perceptronFile(sizes, random), { samples }));
}

function ofModel({ graph, circuit }: CompiledModel): Subject {
  const input = randomBytes(byteLength(graph.inputs), seededRandom(1));
  return {
    circuit,
    constraints: circuit.constraints.filter(({ kind }) => kind !== "padding").length,
    power: domainPower(circuit),
    run: () => proveRun(graph, circuit, { input, context: NO_REQUEST }).witness,
  };
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
  const { constraints } = products.cs;
  return {
    circuit: products.cs,
    constraints: constraints.length,
    power,
    run: () => products.witness(values),
  };
}
