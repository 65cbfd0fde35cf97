import { at } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { attribute } from "../attributes.ts";
import { shapeError, unsupported } from "../operator.ts";

/** What a leaf adds to a target. */
export interface Weight {
  readonly target: number;
  readonly weight: number;
}

export interface Leaf {
  readonly kind: "leaf";
  readonly weights: readonly Weight[];
}

/** Asks how a feature compares to a value, and names the nodes that the answers lead to by their places in the list of nodes. */
export interface Branch {
  readonly kind: "branch";
  readonly feature: number;
  readonly mode: BranchMode;
  readonly value: number;
  readonly yes: number;
  readonly no: number;
}

type TreeNode = Leaf | Branch;

/** In the order in which `TreeEnsemble` numbers them. */
const BRANCH_MODES = [
  "BRANCH_LEQ",
  "BRANCH_LT",
  "BRANCH_GTE",
  "BRANCH_GT",
  "BRANCH_EQ",
  "BRANCH_NEQ",
] as const;

export type BranchMode = (typeof BRANCH_MODES)[number];

/** Trees, side by side. Every node belongs to one tree and one way leads to it. */
export interface Ensemble {
  readonly nodes: readonly TreeNode[];
  /** Places of nodes by their distance from the root: the roots first, then what they lead to. */
  readonly levels: readonly (readonly number[])[];
}

/** What a node costs grows with what is above it; trained trees stay far below this. */
const MOST_LEVELS = 256;

/**
 * Reads the trees of a node of ONNX-ML.
 *
 * @param targets How many there are; leaves name them from 0 on.
 * @throws ZkmlError `ONNX_SHAPE_MISMATCH` if what is listed are no trees, `ONNX_UNSUPPORTED_ATTRIBUTE` for comparisons that are
 *   unknown and for trees of more than 256 levels.
 */
export function readEnsemble(
  node: OnnxNode,
  { prefix, targets }: { readonly prefix: "target" | "class"; readonly targets: number },
): Ensemble {
  const trees = ints(node, "nodes_treeids");
  const ids = ints(node, "nodes_nodeids");
  const places = placesByName(node, trees, ids);
  const weights = readWeights(node, { prefix, targets });
  const [features, yes, no] = [
    ints(node, "nodes_featureids"),
    ints(node, "nodes_truenodeids"),
    ints(node, "nodes_falsenodeids"),
  ];
  const modes = attribute(node, "nodes_modes", "strings") ?? [];
  const values = floatsOf(node, "nodes_values");
  const nodes = trees.map((tree, row): TreeNode => {
    const mode = at(modes, row);
    if (mode === "LEAF") {
      return { kind: "leaf", weights: weights.get(nameOf(tree, at(ids, row))) ?? [] };
    }
    const placeOf = (id: number) => {
      const place = places.get(nameOf(tree, id));
      if (place !== undefined) return place;
      throw shapeError(node, `lacks node ${id} of tree ${tree}`);
    };
    return {
      kind: "branch",
      feature: at(features, row),
      mode: branchMode(node, mode),
      value: at(values, row),
      yes: placeOf(at(yes, row)),
      no: placeOf(at(no, row)),
    };
  });
  return { nodes, levels: levelsOf(node, nodes, rootsOf(node, nodes, trees)) };
}

/**
 * Reads the trees of `TreeEnsemble`, which lists leaves by themselves: branches that lead to the same leaf have one each.
 *
 * @throws ZkmlError as `readEnsemble`.
 */
export function readSeparateLeaves(node: OnnxNode, targets: number): Ensemble {
  const leafTargets = ints(node, "leaf_targetids");
  const leafWeights = numbers(node, "leaf_weights");
  requireTargets(node, leafTargets, targets);
  const codes = numbers(node, "nodes_modes");
  const values = numbers(node, "nodes_splits");
  const features = ints(node, "nodes_featureids");
  const branches: TreeNode[] = [];
  const leaves: TreeNode[] = [];
  const placeOf = (side: "true" | "false", row: number): number => {
    const id = at(ints(node, `nodes_${side}nodeids`), row);
    if (at(ints(node, `nodes_${side}leafs`), row) === 0) return id;
    const weight = { target: at(leafTargets, id), weight: at(leafWeights, id) };
    leaves.push({ kind: "leaf", weights: [weight] });
    return features.length + leaves.length - 1;
  };
  features.forEach((feature, row) => {
    const mode = BRANCH_MODES[at(codes, row)];
    if (mode === undefined) throw unsupported(node, `has mode ${at(codes, row)}`);
    const value = at(values, row);
    const [yes, no] = [placeOf("true", row), placeOf("false", row)];
    branches.push({ kind: "branch", feature, mode, value, yes, no });
  });
  const nodes = [...branches, ...leaves];
  return { nodes, levels: levelsOf(node, nodes, ints(node, "tree_roots")) };
}

/** A list of numbers, which for doubles is a tensor under another name. */
export function floatsOf(node: OnnxNode, name: string): ArrayLike<number> {
  return attribute(node, name, "floats") ?? numbers(node, `${name}_as_tensor`);
}

function numbers(node: OnnxNode, name: string): ArrayLike<number> {
  return attribute(node, name, "tensor")?.values ?? [];
}

function requireTargets(node: OnnxNode, named: readonly number[], targets: number): void {
  const beyond = named.find((target) => target < 0 || target >= targets);
  if (beyond === undefined) return;
  throw shapeError(node, `has a leaf for target ${beyond}, of ${targets}`);
}

/** What all leaves add, to whichever target. */
export function weightsOf({ nodes }: Ensemble): readonly Weight[] {
  return nodes.flatMap((node) => (node.kind === "leaf" ? node.weights : []));
}

function ints(node: OnnxNode, name: string): readonly number[] {
  return attribute(node, name, "ints") ?? [];
}

function nameOf(tree: number, id: number): string {
  return `${tree}/${id}`;
}

function placesByName(
  node: OnnxNode,
  trees: readonly number[],
  ids: readonly number[],
): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  trees.forEach((tree, place) => {
    const id = at(ids, place);
    if (places.has(nameOf(tree, id)))
      throw shapeError(node, `lists node ${id} of tree ${tree} twice`);
    places.set(nameOf(tree, id), place);
  });
  return places;
}

function branchMode(node: OnnxNode, mode: string): BranchMode {
  const known = BRANCH_MODES.find((each) => each === mode);
  if (known !== undefined) return known;
  throw unsupported(node, `has mode ${mode}`);
}

/** By the names of nodes. Weights of branches stay unread, as in onnxruntime. */
function readWeights(
  node: OnnxNode,
  { prefix, targets }: { readonly prefix: "target" | "class"; readonly targets: number },
): ReadonlyMap<string, readonly Weight[]> {
  const weights = new Map<string, Weight[]>();
  const ids = ints(node, `${prefix}_nodeids`);
  const named = ints(node, `${prefix}_ids`);
  requireTargets(node, named, targets);
  const amounts = floatsOf(node, `${prefix}_weights`);
  ints(node, `${prefix}_treeids`).forEach((tree, row) => {
    const name = nameOf(tree, at(ids, row));
    const target = at(named, row);
    const known = weights.get(name) ?? [];
    known.push({ target, weight: at(amounts, row) });
    weights.set(name, known);
  });
  return weights;
}

/** The one node of each tree that no branch leads to. */
function rootsOf(
  node: OnnxNode,
  nodes: readonly TreeNode[],
  trees: readonly number[],
): readonly number[] {
  const led = new Set(nodes.flatMap((each) => (each.kind === "leaf" ? [] : [each.yes, each.no])));
  const roots = new Map<number, number>();
  trees.forEach((tree, place) => {
    if (led.has(place)) return;
    if (roots.has(tree)) throw shapeError(node, `has two roots in tree ${tree}`);
    roots.set(tree, place);
  });
  const circle = trees.find((tree) => !roots.has(tree));
  if (circle !== undefined) throw shapeError(node, `has no root in tree ${circle}`);
  return [...roots.values()];
}

/** Walks down from the roots. What that comes by twice is no tree, and what it does not come by is a circle. */
function levelsOf(
  node: OnnxNode,
  nodes: readonly TreeNode[],
  roots: readonly number[],
): Ensemble["levels"] {
  const levels: (readonly number[])[] = [];
  const reached = new Set<number>();
  let level = roots;
  while (level.length > 0) {
    if (levels.length === MOST_LEVELS) {
      throw unsupported(node, `has a tree of more than ${MOST_LEVELS} levels`);
    }
    levels.push(level);
    level = level.flatMap((place) => {
      if (reached.has(place)) throw shapeError(node, `leads to the node in row ${place} twice`);
      reached.add(place);
      const each = at(nodes, place);
      return each.kind === "leaf" ? [] : [each.yes, each.no];
    });
  }
  const astray = nodes.findIndex((_, place) => !reached.has(place));
  if (astray === -1) return levels;
  throw shapeError(node, `goes in circles at the node in row ${astray}`);
}
