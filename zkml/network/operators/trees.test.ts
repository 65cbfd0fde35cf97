import { expect } from "chai";
import { listOf } from "../../arrays.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { dequantiseTensors } from "../../integer/tensor-spec.ts";
import { compileModel } from "../../model/compile-model.ts";
import { floatList, node, strings, tensor, type AttributeLiteral } from "../../onnx/build.ts";
import { ELEMENT_TYPES } from "../../onnx/schema.ts";
import { onnxFile, randomBytes, type NetworkParts } from "../../testing/networks.ts";
import {
  expectLikeOnnxruntime,
  floats,
  itAgreesWithOnnxruntime,
  refusal,
} from "../../testing/onnxruntime.ts";
import { seededRandom, type Random } from "../../random.ts";
import { runNetwork } from "../network.ts";

type Attributes = Readonly<Record<string, AttributeLiteral>>;

interface Forest {
  readonly trees: number;
  readonly depth: number;
  readonly features: number;
  readonly targets: number;
  readonly mode?: string;
  /** A random limit. */
  readonly limit?: (random: Random) => number;
  readonly weight?: (random: Random) => number;
}

/** Random full trees, as the attributes of an ONNX-ML node. */
function forest(prefix: "target" | "class", given: Forest): Attributes {
  const { trees, depth, features, targets, mode = "BRANCH_LEQ" } = given;
  const limit = given.limit ?? ((source: Random) => 4 * source() - 2);
  const weight = given.weight ?? ((source: Random) => 2 * source() - 1);
  const random = seededRandom(trees + depth);
  const inner = 2 ** depth - 1;
  const count = 2 * inner + 1;
  const all = listOf(trees * count, (row) => ({ tree: Math.floor(row / count), id: row % count }));
  const isLeaf = (id: number) => id >= inner;
  const leaves = all
    .filter(({ id }) => isLeaf(id))
    .flatMap((leaf) => listOf(targets, (target) => ({ ...leaf, target })));
  return {
    nodes_treeids: all.map(({ tree }) => tree),
    nodes_nodeids: all.map(({ id }) => id),
    nodes_featureids: all.map(({ id }) => (isLeaf(id) ? 0 : Math.floor(random() * features))),
    nodes_modes: strings(...all.map(({ id }) => (isLeaf(id) ? "LEAF" : mode))),
    nodes_values: floatList(...all.map(({ id }) => (isLeaf(id) ? 0 : limit(random)))),
    nodes_truenodeids: all.map(({ id }) => (isLeaf(id) ? 0 : 2 * id + 1)),
    nodes_falsenodeids: all.map(({ id }) => (isLeaf(id) ? 0 : 2 * id + 2)),
    nodes_hitrates: floatList(...all.map(() => 1)),
    nodes_missing_value_tracks_true: all.map(() => 0),
    [`${prefix}_treeids`]: leaves.map(({ tree }) => tree),
    [`${prefix}_nodeids`]: leaves.map(({ id }) => id),
    [`${prefix}_ids`]: leaves.map(({ target }) => target),
    [`${prefix}_weights`]: floatList(...leaves.map(() => weight(random))),
  };
}

const SMALL: Forest = { trees: 4, depth: 3, features: 5, targets: 1 };

function regressor(given: Forest, attributes: Attributes = {}): NetworkParts {
  const settings = { n_targets: given.targets, post_transform: "NONE", ...forest("target", given) };
  return {
    input: floats(3, given.features),
    output: floats(3, given.targets),
    nodes: [node("ai.onnx.ml.TreeEnsembleRegressor", ["x"], "y", { ...settings, ...attributes })],
  };
}

function classifier(
  given: Forest,
  labels: readonly number[],
  attributes: Attributes = {},
): NetworkParts {
  const settings = {
    classlabels_int64s: labels,
    post_transform: "NONE",
    ...forest("class", given),
  };
  return {
    input: floats(3, given.features),
    output: { type: "int64", shape: [3] },
    more: { outputs: [{ name: "scores", ...floats(3, labels.length) }] },
    nodes: [
      node("ai.onnx.ml.TreeEnsembleClassifier", ["x"], ["y", "scores"], {
        ...settings,
        ...attributes,
      }),
    ],
  };
}

/** A regressor whose features are whole numbers, as are its limits. */
function onWholes(mode: string): NetworkParts {
  const limit = (random: Random) => Math.floor(random() * 5) - 2;
  const given = { ...SMALL, mode, limit };
  return {
    input: { type: "int64", shape: [3, 5] },
    output: floats(3, 1),
    nodes: [
      node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
      node("ai.onnx.ml.TreeEnsembleRegressor", ["f"], "y", {
        n_targets: 1,
        ...forest("target", given),
      }),
    ],
  };
}

/** A regressor whose numbers are doubles, and so tensors. */
function onDoubles(): NetworkParts {
  const lists = { ...forest("target", SMALL), base_values: floatList(0.25) };
  const attributes = Object.entries(lists).map(([name, literal]): [string, AttributeLiteral] => {
    const isFloats = typeof literal === "object" && "kind" in literal && literal.kind === "floats";
    if (!isFloats) return [name, literal];
    const values = Float64Array.from(literal.value);
    const value = { shape: [values.length], type: "double", values } as const;
    return [`${name}_as_tensor`, { kind: "tensor", value }];
  });
  return {
    input: { type: "double", shape: [3, 5] },
    output: floats(3, 1),
    nodes: [
      node("ai.onnx.ml.TreeEnsembleRegressor", ["x"], "y", {
        n_targets: 1,
        ...Object.fromEntries(attributes),
      }),
    ],
  };
}

/** Nodes of trees: tree, id, and where the answers lead; leaves lead nowhere. */
type Listed = readonly [tree: number, id: number, yes?: number, no?: number];

/** A regressor of one feature with nodes as listed, each leaf of which adds 1. */
function treesOf(nodes: readonly Listed[]): NetworkParts {
  const leaves = nodes.filter(([, , yes]) => yes === undefined);
  return regressor(
    { ...SMALL, features: 1 },
    {
      nodes_treeids: nodes.map(([tree]) => tree),
      nodes_nodeids: nodes.map(([, id]) => id),
      nodes_featureids: nodes.map(() => 0),
      nodes_modes: strings(...nodes.map(([, , yes]) => (yes === undefined ? "LEAF" : "BRANCH_LT"))),
      nodes_values: floatList(...nodes.map((_, row) => row / nodes.length)),
      nodes_truenodeids: nodes.map(([, , yes = 0]) => yes),
      nodes_falsenodeids: nodes.map(([, , , no = 0]) => no),
      nodes_hitrates: floatList(...nodes.map(() => 1)),
      nodes_missing_value_tracks_true: nodes.map(() => 0),
      target_treeids: leaves.map(([tree]) => tree),
      target_nodeids: leaves.map(([, id]) => id),
      target_ids: leaves.map(() => 0),
      target_weights: floatList(...leaves.map((_, row) => row + 1)),
    },
  );
}

/** A tree in which every second node is a leaf. */
function chain(levels: number): readonly Listed[] {
  return listOf(2 * levels - 1, (id): Listed =>
    id % 2 === 0 && id < 2 * levels - 2 ? [0, id, id + 1, id + 2] : [0, id],
  );
}

/** Two trees of `TreeEnsemble`: `x0 <= 0.5 ? (x1 > -0.5 ? leaf 0 : leaf 1) : leaf 2`, and `x0 < 1 ? leaf 2 : leaf 3`. */
function separateLeaves(attributes: Attributes = {}): NetworkParts {
  const bytes = { shape: [3], type: "uint8", values: Float64Array.of(0, 3, 1) } as const;
  return {
    opset: 21,
    input: floats(4, 2),
    output: floats(4, 2),
    nodes: [
      node("ai.onnx.ml.TreeEnsemble", ["x"], "y", {
        n_targets: 2,
        nodes_featureids: [0, 1, 0],
        nodes_modes: { kind: "tensor", value: bytes },
        nodes_splits: { kind: "tensor", value: tensor([3], [0.5, -0.5, 1]) },
        nodes_truenodeids: [1, 0, 2],
        nodes_trueleafs: [0, 1, 1],
        nodes_falsenodeids: [2, 1, 3],
        nodes_falseleafs: [1, 1, 1],
        tree_roots: [0, 2],
        leaf_targetids: [0, 1, 0, 1],
        leaf_weights: { kind: "tensor", value: tensor([4], [1, 2, 4, -8]) },
        ...attributes,
      }),
    ],
  };
}

const positive = (random: Random) => random() / 4;

describe("tree ensembles", () => {
  itAgreesWithOnnxruntime({
    "a regressor": regressor(SMALL),
    "a regressor of several targets, from a base": regressor(
      { ...SMALL, targets: 3 },
      { base_values: floatList(1, -2, 3) },
    ),
    "an average": regressor(SMALL, { aggregate_function: "AVERAGE", base_values: floatList(0.5) }),
    "strictly less": regressor({ ...SMALL, mode: "BRANCH_LT" }),
    "greater or equal": regressor({ ...SMALL, mode: "BRANCH_GTE" }),
    "strictly greater": regressor({ ...SMALL, mode: "BRANCH_GT" }),
    "equal, to whole numbers": onWholes("BRANCH_EQ"),
    "not equal, to whole numbers": onWholes("BRANCH_NEQ"),
    "a tree of one leaf": regressor({ ...SMALL, depth: 0 }),
    "a regressor of doubles": onDoubles(),
    "shares of several targets": regressor({ ...SMALL, targets: 3 }, { post_transform: "SOFTMAX" }),
    "trees with leaves by themselves": separateLeaves(),
    "averages of trees with leaves by themselves": separateLeaves({
      aggregate_function: 0,
    }),
    "a classifier of three": classifier({ ...SMALL, targets: 3 }, [0, 1, 2]),
    "a classifier with other labels, and shares": classifier({ ...SMALL, targets: 3 }, [7, -1, 4], {
      post_transform: "SOFTMAX",
    }),
    "a classifier of two with a score for each": classifier({ ...SMALL, targets: 2 }, [0, 1], {
      post_transform: "LOGISTIC",
    }),
    "a classifier of two with one score": classifier(SMALL, [0, 1], { post_transform: "LOGISTIC" }),
    "a classifier of two with one share": classifier({ ...SMALL, weight: positive }, [3, 5]),
  });

  it("refuses modes, labels and targets that it does not know", () => {
    expect(refusal(separateLeaves({ aggregate_function: 2 })).message).to.contain(
      "aggregate_function 2",
    );
    expect(refusal(separateLeaves({ post_transform: 1 })).message).to.contain("post_transform 1");
    expect(refusal(separateLeaves({ n_targets: 1 })).message).to.contain("target 1, of 1");
    expect(refusal(separateLeaves({ tree_roots: [0] })).message).to.contain("in circles");
    expect(refusal(separateLeaves({ tree_roots: [0, 1, 2] })).message).to.contain("row 1 twice");
    const member = refusal(regressor({ ...SMALL, mode: "BRANCH_MEMBER" }));
    expect(member.message).to.contain("BRANCH_MEMBER");
    const named = classifier(SMALL, [0, 1], { classlabels_int64s: strings("no", "yes") });
    expect(refusal(named).message).to.contain("classlabels_int64s");
    const beyond = regressor({ ...SMALL, targets: 2 }, { n_targets: 1 });
    expect(refusal(beyond).message).to.contain("target 1, of 1");
  });

  describe("that are no trees", () => {
    const leaf = (id: number): Listed => [0, id];
    const cases: Record<string, { nodes: readonly Listed[]; why: string }> = {
      "a node that nobody lists": {
        nodes: [[0, 0, 1, 99], leaf(1)],
        why: "lacks node 99 of tree 0",
      },
      "a node that is listed twice": {
        nodes: [[0, 0, 1, 2], leaf(1), leaf(2), leaf(2)],
        why: "lists node 2 of tree 0 twice",
      },
      "two roots": { nodes: [[0, 0, 1, 2], leaf(1), leaf(2), leaf(3)], why: "two roots in tree 0" },
      "a circle through the root": {
        nodes: [leaf(0), [1, 0, 1, 2], [1, 1, 0, 3], [1, 2], [1, 3]],
        why: "no root in tree 1",
      },
      "a circle beside the root": {
        nodes: [leaf(0), [0, 1, 2, 3], [0, 2, 1, 4], leaf(3), leaf(4)],
        why: "goes in circles at the node in row 1",
      },
      "a node below two branches": {
        nodes: [[0, 0, 1, 2], [0, 1, 3, 4], [0, 2, 3, 5], leaf(3), leaf(4), leaf(5)],
        why: "leads to the node in row 3 twice",
      },
      "paths that double at every level": {
        nodes: [...listOf(100, (id): Listed => [0, id, id + 1, id + 1]), leaf(100)],
        why: "leads to the node in row 1 twice",
      },
      "a chain of 20,000 levels": { nodes: chain(20_000), why: "more than 256 levels" },
    };
    for (const [name, { nodes, why }] of Object.entries(cases)) {
      it(`refuses ${name}`, () => {
        expect(refusal(treesOf(nodes)).message).to.contain(why);
      });
    }

    it("takes as many levels as it says", async () => {
      await expectLikeOnnxruntime(treesOf(chain(256)));
      expect(refusal(treesOf(chain(257))).message).to.contain("more than 256 levels");
    });
  });

  it("says in integers what it says in floating point, at a row for each limit and inner node", () => {
    const given: Forest = {
      trees: 20,
      depth: 5,
      features: 8,
      targets: 1,
      limit: (random) => Math.floor(random() * 255) + 0.5,
    };
    const attributes = { n_targets: 1, ...forest("target", given) };
    const parts: NetworkParts = {
      input: { type: "uint8", shape: [1, 8] },
      output: floats(1, 1),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("ai.onnx.ml.TreeEnsembleRegressor", ["f"], "y", attributes),
      ],
    };
    const random = seededRandom(9);
    const samples = listOf(50, () => randomBytes(8, random));
    const { graph, circuit, network } = compileModel(onnxFile(parts), { samples });
    for (const input of samples) {
      const run = runIntegerGraph(graph, input);
      const [[found = NaN] = []] = dequantiseTensors(graph.outputs, run.outputs);
      const [[wanted = NaN] = []] = runNetwork(network, input).outputs;
      expect(found).to.be.closeTo(wanted, 0.001);
    }
    const rows = circuit.constraints.filter(({ kind }) => kind !== "padding").length;
    // 620 inner nodes, of which 300 are no lowest ones, and at most as many limits; input, output and statement.
    expect(rows).to.be.below(300 + 620 + 700);
  });
});
