import { at, listOf } from "../arrays.ts";
import type { IntegerGraph, SparseRows } from "../integer/graph.ts";
import { floatList, node, strings } from "../onnx/build.ts";
import { onnxFile } from "./networks.ts";
import { seededRandom, type Random } from "../random.ts";

/*
 * The random networks that the prototype of this compiler was measured on, made of the same generator's numbers in the same
 * order.
 */

const PERCEPTRON_SEED = 1;
const FOREST_SEED = 11;

/** Weights have eight bits with their sign. */
const MAX_WEIGHT = 127;

/** A normally distributed number (Box and Muller 1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A perceptron on signed bytes with rectifiers between its layers: sizes of input, hidden layers and output. */
export function prototypePerceptron(sizes: readonly number[]): IntegerGraph {
  const random = seededRandom(PERCEPTRON_SEED);
  let first = 0;
  const affine = sizes.slice(1).map((outer, k) => {
    const inner = at(sizes, k);
    const rows = randomRows({ first, inner, outer }, random);
    first += inner;
    return { inner, rows };
  });
  const [last, ...hidden] = affine.toReversed();
  if (last === undefined) throw new RangeError("a perceptron has at least one layer");
  return {
    inputs: [{ name: "x", shape: [at(sizes, 0)], type: "int8", scale: 1 }],
    layers: hidden.toReversed().map(({ inner, rows }, k) => ({
      kind: "rectifier",
      name: `layer ${k}`,
      rows,
      shifts: new Uint8Array(rows.bias.length).fill(Math.round(6 + Math.log2(Math.sqrt(inner)))),
    })),
    outputRows: last.rows,
    outputs: [{ name: "y", shape: [at(sizes, sizes.length - 1)], type: "int32", scale: 1 }],
  };
}

interface RowSizes {
  /** First variable that the rows read. */
  readonly first: number;
  readonly inner: number;
  readonly outer: number;
}

function randomRows({ first, inner, outer }: RowSizes, random: Random): SparseRows {
  const rows = listOf(outer, () => ({
    weights: listOf(inner, () => clampedWeight(normal(random))),
    bias: Math.round(normal(random) * 1000),
  }));
  return {
    starts: Uint32Array.from({ length: outer + 1 }, (_, row) => row * inner),
    variables: Uint32Array.from({ length: outer * inner }, (_, k) => first + (k % inner)),
    weights: Int32Array.from(rows.flatMap(({ weights }) => weights)),
    bias: Float64Array.from(rows, ({ bias }) => bias),
  };
}

function clampedWeight(value: number): number {
  return Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, Math.round((value * MAX_WEIGHT) / 3)));
}

export interface ForestSize {
  readonly trees: number;
  readonly depth: number;
  readonly features: number;
}

/** An ONNX file of full regression trees on bytes. */
export function prototypeForest({ trees, depth, features }: ForestSize): Uint8Array {
  const random = seededRandom(FOREST_SEED);
  const inner = 2 ** depth - 1;
  const grown = listOf(trees, () => ({
    features: listOf(inner, () => Math.floor(random() * features)),
    limits: listOf(inner, () => 1 + Math.floor(random() * 255)),
    leaves: listOf(inner + 1, () => Math.floor((random() - 0.5) * 65_536)),
  }));
  const perNode = <T>(inside: (tree: number, id: number) => T, leaf: T): T[] =>
    grown.flatMap((_, tree) =>
      listOf(2 * inner + 1, (id) => (id < inner ? inside(tree, id) : leaf)),
    );
  const leafPlaces = grown.flatMap((_, tree) =>
    listOf(inner + 1, (k) => ({ tree, id: inner + k })),
  );
  const shape = [1, features];
  return onnxFile({
    input: { type: "uint8", shape },
    output: { type: "float", shape: [1, 1] },
    nodes: [
      node("Cast", ["x"], "numbers", { to: 1 }),
      node("ai.onnx.ml.TreeEnsembleRegressor", ["numbers"], "y", {
        n_targets: 1,
        nodes_treeids: grown.flatMap((_, tree) => listOf(2 * inner + 1, () => tree)),
        nodes_nodeids: grown.flatMap(() => listOf(2 * inner + 1, (id) => id)),
        nodes_featureids: perNode((tree, id) => at(at(grown, tree).features, id), 0),
        nodes_modes: strings(...perNode(() => "BRANCH_GTE", "LEAF")),
        nodes_values: floatList(...perNode((tree, id) => at(at(grown, tree).limits, id), 0)),
        nodes_truenodeids: perNode((_, id) => 2 * id + 2, 0),
        nodes_falsenodeids: perNode((_, id) => 2 * id + 1, 0),
        target_treeids: leafPlaces.map(({ tree }) => tree),
        target_nodeids: leafPlaces.map(({ id }) => id),
        target_ids: leafPlaces.map(() => 0),
        target_weights: floatList(...grown.flatMap(({ leaves }) => leaves)),
      }),
    ],
  });
}
