import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, constantForm, type AffineForm } from "../affine.ts";
import { attribute, choiceAttribute, intAttribute } from "../attributes.ts";
import {
  requireInput,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { formsOf, fromForms, shapeOf, type Value } from "../value.ts";
import { negation } from "./comparison.ts";
import { entryAt } from "./computed-index.ts";
import { choose } from "./logic.ts";
import { firstLargest } from "./ranking.ts";
import { softmaxAlong } from "./softmax.ts";

/*
 * Ensembles of decision trees, as ONNX-ML lists them. Each question of a node is a comparison of one feature with a constant:
 * all questions about a feature share one thermometer. For several targets, whether a path is taken is a product of its
 * answers, one for each inner node that is not a root; what leaves weigh is then affine. For one target, nodes choose between
 * what is below them, at a product for each inner node that is not a lowest one.
 */

interface Leaf {
  readonly kind: "leaf";
  readonly tree: number;
  readonly id: number;
}

interface Branch {
  readonly kind: "branch";
  readonly feature: number;
  readonly mode: string;
  readonly value: number;
  readonly yes: number;
  readonly no: number;
}

type TreeNode = Leaf | Branch;

/** What a leaf adds to a target. */
interface Weight {
  readonly target: number;
  readonly weight: number;
}

interface Ensemble {
  /** Nodes by tree and id. */
  readonly nodes: ReadonlyMap<string, TreeNode>;
  /** The first node of each tree. */
  readonly roots: readonly { readonly tree: number; readonly id: number }[];
  readonly weights: ReadonlyMap<string, readonly Weight[]>;
}

function keyOf(tree: number, id: number): string {
  return `${tree}/${id}`;
}

// READ

function ints(node: OnnxNode, name: string): readonly number[] {
  return attribute(node, name, "ints") ?? [];
}

function readEnsemble(node: OnnxNode, prefix: "target" | "class"): Ensemble {
  const trees = ints(node, "nodes_treeids");
  const ids = ints(node, "nodes_nodeids");
  const features = ints(node, "nodes_featureids");
  const yes = ints(node, "nodes_truenodeids");
  const no = ints(node, "nodes_falsenodeids");
  const modes = attribute(node, "nodes_modes", "strings") ?? [];
  const values = attribute(node, "nodes_values", "floats") ?? [];
  const nodes = new Map<string, TreeNode>();
  const pointedTo = new Set<string>();
  trees.forEach((tree, row) => {
    const [id, mode] = [at(ids, row), at(modes, row)];
    if (mode === "LEAF") {
      nodes.set(keyOf(tree, id), { kind: "leaf", tree, id });
      return;
    }
    const branch = { feature: at(features, row), mode, value: at(values, row) };
    nodes.set(keyOf(tree, id), { kind: "branch", ...branch, yes: at(yes, row), no: at(no, row) });
    pointedTo.add(keyOf(tree, at(yes, row))).add(keyOf(tree, at(no, row)));
  });
  const roots = trees
    .map((tree, row) => ({ tree, id: at(ids, row) }))
    .filter(({ tree, id }) => !pointedTo.has(keyOf(tree, id)));
  return { nodes, roots, weights: readWeights(node, prefix) };
}

function readWeights(
  node: OnnxNode,
  prefix: "target" | "class",
): ReadonlyMap<string, readonly Weight[]> {
  const weights = new Map<string, Weight[]>();
  const ids = ints(node, `${prefix}_nodeids`);
  const targets = ints(node, `${prefix}_ids`);
  const amounts = attribute(node, `${prefix}_weights`, "floats") ?? [];
  ints(node, `${prefix}_treeids`).forEach((tree, row) => {
    const key = keyOf(tree, at(ids, row));
    const added = { target: at(targets, row), weight: at(amounts, row) };
    weights.set(key, [...(weights.get(key) ?? []), added]);
  });
  return weights;
}

// ASK

/** Answers to all questions, each a form that is 1 for the true branch. */
type Answers = ReadonlyMap<string, AffineForm>;

function questionOf({ feature, mode, value }: Branch): string {
  return `${feature} ${mode} ${value}`;
}

/** The form that is above 0 where the question holds, or, if that is easier, where it does not. */
function difference(
  node: OnnxNode,
  { feature, mode, value }: Branch,
  features: readonly AffineForm[],
): { form: AffineForm; isMirrored: boolean } {
  const given = at(features, feature);
  const above = combine([{ weight: 1, form: given }], -value);
  const below = combine([{ weight: -1, form: given }], value);
  switch (mode) {
    case "BRANCH_LEQ":
      return { form: above, isMirrored: true };
    case "BRANCH_LT":
      return { form: below, isMirrored: false };
    case "BRANCH_GTE":
      return { form: below, isMirrored: true };
    case "BRANCH_GT":
      return { form: above, isMirrored: false };
    default:
      throw unsupported(node, `has mode ${mode}`);
  }
}

function answerAll(
  context: OperatorContext,
  { nodes }: Ensemble,
  features: readonly AffineForm[],
): Answers {
  const questions = new Map<string, Branch>();
  for (const each of nodes.values()) {
    if (each.kind === "branch") questions.set(questionOf(each), each);
  }
  const asked = [...questions].map(([key, branch]) => ({
    key,
    ...difference(context.node, branch, features),
  }));
  const steps = context.step(asked.map(({ form }) => form));
  return new Map(
    asked.map(({ key, isMirrored }, row) => [
      key,
      isMirrored ? negation(at(steps, row)) : at(steps, row),
    ]),
  );
}

// WALK

interface Visit {
  readonly node: TreeNode;
  readonly tree: number;
  /** 1 if the walk comes by here. */
  readonly taken: AffineForm;
}

/** Which leaves are reached: level by level, all trees at once. */
function leavesOf(
  context: OperatorContext,
  { nodes, roots }: Ensemble,
  answers: Answers,
): readonly (Visit & { readonly node: Leaf })[] {
  const find = (tree: number, id: number) => nodeAt(context.node, nodes, { tree, id });
  const leaves: (Visit & { readonly node: Leaf })[] = [];
  let level: Visit[] = roots.map(({ tree, id }) => ({
    node: find(tree, id),
    tree,
    taken: constantForm(1),
  }));
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > nodes.size) throw shapeError(context.node, "has a tree that goes in circles");
    const branches: { visit: Visit; branch: Branch }[] = [];
    for (const visit of level) {
      if (visit.node.kind === "leaf") leaves.push({ ...visit, node: visit.node });
      else branches.push({ visit, branch: visit.node });
    }
    const answered = branches.map(({ branch }) => answerTo(answers, branch));
    const taken = branches.map(({ visit }) => visit.taken);
    const through = context.multiply(taken, answered);
    level = branches.flatMap(({ visit, branch }, row): Visit[] => {
      const yes = at(through, row);
      const no = combine([
        { weight: 1, form: visit.taken },
        { weight: -1, form: yes },
      ]);
      const { tree } = visit;
      return [
        { node: find(tree, branch.yes), tree, taken: yes },
        { node: find(tree, branch.no), tree, taken: no },
      ];
    });
  }
  return leaves;
}

interface Totals {
  readonly features: readonly AffineForm[];
  /** What each target starts from. */
  readonly base: readonly number[];
}

/** What the trees add up to, per target, for one row of features. */
function totals(
  context: OperatorContext,
  ensemble: Ensemble,
  { features, base }: Totals,
): AffineForm[] {
  const answers = answerAll(context, ensemble, features);
  const used = new Set([...ensemble.weights.values()].flat().map(({ target }) => target));
  const [only] = used;
  if (used.size === 1 && only !== undefined) {
    const sum = singleTotal(context, ensemble, answers);
    return base.map((constant, target) =>
      target === only ? combine([{ weight: 1, form: sum }], constant) : constantForm(constant),
    );
  }
  const leaves = leavesOf(context, ensemble, answers);
  return base.map((constant, target) =>
    combine(
      leaves.flatMap(({ node: leaf, taken }) =>
        (ensemble.weights.get(keyOf(leaf.tree, leaf.id)) ?? [])
          .filter((added) => added.target === target)
          .map(({ weight }) => ({ weight, form: taken })),
      ),
      constant,
    ),
  );
}

/** Of the largest leaf: rounding a leaf to it changes what a tree says by less than outputs are rounded. */
const LEAF_BITS = 18;

/**
 * The sum for one target, from the leaves up: a node is worth what its answer chooses. The lowest nodes choose between constants,
 * which is affine, so only half of the inner nodes take a product.
 */
function singleTotal(context: OperatorContext, ensemble: Ensemble, answers: Answers): AffineForm {
  const amounts = [...ensemble.weights.values()].flat().map(({ weight }) => Math.abs(weight));
  const unit = amounts.reduce((max, amount) => Math.max(max, amount), 0) / 2 ** LEAF_BITS;
  let waiting = visitsOf(context.node, ensemble);
  const worth = new Map<string, AffineForm>();
  for (const { key, node } of waiting) {
    if (node.kind === "leaf") worth.set(key, constantForm(sumOf(ensemble.weights.get(key) ?? [])));
  }
  while ((waiting = waiting.filter(({ key }) => !worth.has(key))).length > 0) {
    const ready = waiting.flatMap(({ key, tree, node }) => {
      if (node.kind === "leaf") return [];
      const yes = worth.get(keyOf(tree, node.yes));
      const no = worth.get(keyOf(tree, node.no));
      return yes === undefined || no === undefined ? [] : [{ key, yes, no, node }];
    });
    const conditions = ready.map(({ node }) => answerTo(answers, node));
    const chosen = choose(context, {
      conditions,
      yes: ready.map(({ yes }) => yes),
      no: ready.map(({ no }) => no),
      unit,
    });
    ready.forEach(({ key }, row) => worth.set(key, at(chosen, row)));
  }
  return combine(
    ensemble.roots.map(({ tree, id }) => ({
      weight: 1,
      form: worth.get(keyOf(tree, id)) ?? constantForm(0),
    })),
  );
}

function sumOf(weights: readonly Weight[]): number {
  return weights.reduce((sum, { weight }) => sum + weight, 0);
}

/** All nodes that a walk can come by, each once. */
function visitsOf(
  node: OnnxNode,
  { nodes, roots }: Ensemble,
): readonly { readonly key: string; readonly tree: number; readonly node: TreeNode }[] {
  const found: { key: string; tree: number; node: TreeNode }[] = [];
  const walk = (tree: number, id: number, above: ReadonlySet<number>) => {
    const next = nodeAt(node, nodes, { tree, id });
    if (above.has(id)) throw shapeError(node, "has a tree that goes in circles");
    found.push({ key: keyOf(tree, id), tree, node: next });
    if (next.kind === "leaf") return;
    const path = new Set([...above, id]);
    walk(tree, next.yes, path);
    walk(tree, next.no, path);
  };
  for (const { tree, id } of roots) walk(tree, id, new Set());
  return found;
}

function nodeAt(
  node: OnnxNode,
  nodes: Ensemble["nodes"],
  { tree, id }: { readonly tree: number; readonly id: number },
): TreeNode {
  const found = nodes.get(keyOf(tree, id));
  if (found !== undefined) return found;
  throw shapeError(node, `lacks node ${id} of tree ${tree}`);
}

function answerTo(answers: Answers, branch: Branch): AffineForm {
  const answer = answers.get(questionOf(branch));
  if (answer === undefined) throw new RangeError("a question was not asked");
  return answer;
}

/** The features of each row of the batch. */
function featureRows(context: OperatorContext): readonly (readonly AffineForm[])[] {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const width = shape[shape.length - 1] ?? 1;
  const forms = formsOf(value);
  return listOf(forms.length / width, (row) => forms.slice(row * width, (row + 1) * width));
}

function baseValues(node: OnnxNode, count: number): readonly number[] {
  const base = attribute(node, "base_values", "floats") ?? [];
  return listOf(count, (target) => base[target] ?? 0);
}

// OPERATORS

/** ONNX-ML `TreeEnsembleRegressor`: sums or averages, without a transformation or by a sigmoid. */
export const treeRegressor: Operator = (context) => {
  const { node } = context;
  const targets = intAttribute(node, "n_targets", 1);
  const aggregate = choiceAttribute(node, "aggregate_function", ["SUM", "AVERAGE"]);
  const transform = choiceAttribute(node, "post_transform", ["NONE", "LOGISTIC"]);
  const ensemble = readEnsemble(node, "target");
  const base = baseValues(node, targets);
  const share = aggregate === "AVERAGE" ? 1 / ensemble.roots.length : 1;
  const batch = featureRows(context);
  const sums = batch.flatMap((features) =>
    totals(context, ensemble, { features, base: base.map(() => 0) }).map((form, target) =>
      combine([{ weight: share, form }], at(base, target)),
    ),
  );
  const results = transform === "NONE" ? sums : context.apply(SCALAR_FUNCTIONS.sigmoid, sums);
  return fromForms([batch.length, targets], results);
};

/**
 * ONNX-ML `TreeEnsembleClassifier` with whole numbers as labels: the label of the largest score, and all scores.
 *
 * Two classes may share one score, as boosted trees have it: it is then that of the class which the leaves name, and the other's
 * follows from it as onnxruntime does it.
 */
export const treeClassifier: Operator = (context) => {
  const { node } = context;
  const labels = attribute(node, "classlabels_int64s", "ints");
  if (labels === undefined) throw unsupported(node, "has labels that are no whole numbers");
  const ensemble = readEnsemble(node, "class");
  const base = baseValues(node, labels.length);
  const scores = featureRows(context).map((features) =>
    totals(context, ensemble, { features, base }),
  );
  const weights = [...ensemble.weights.values()].flat();
  const named = [...new Set(weights.map(({ target }) => target))];
  const [only] = named;
  if (labels.length === 2 && named.length === 1 && only !== undefined) {
    const single = scores.map((row) => at(row, only));
    return twoClasses(context, { single, labels, weights });
  }
  // Of two classes, onnxruntime takes the second if anything speaks for it.
  const winners =
    labels.length === 2
      ? context.step(scores.map((row) => at(row, 1)))
      : firstLargest(context, scores);
  return [
    fromForms([scores.length], pickLabels(context, winners, labels), "int64"),
    fromForms([scores.length, labels.length], transformed(context, scores, labels.length)),
  ];
};

const TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX"] as const;

function transformed(
  context: OperatorContext,
  scores: readonly (readonly AffineForm[])[],
  classes: number,
): readonly AffineForm[] {
  const forms = scores.flat();
  switch (choiceAttribute(context.node, "post_transform", TRANSFORMS)) {
    case "NONE":
      return forms;
    case "LOGISTIC":
      return context.apply(SCALAR_FUNCTIONS.sigmoid, forms);
    case "SOFTMAX":
      return softmaxAlong(context, { shape: [scores.length, classes], axis: 1, forms });
  }
}

/** The label at each index. */
function pickLabels(
  context: OperatorContext,
  indices: readonly AffineForm[],
  labels: readonly number[],
): AffineForm[] {
  if (labels.every((label, k) => label === k)) return [...indices];
  const places = { first: 0, last: labels.length - 1 };
  return indices.map((index) =>
    entryAt(context, index, { places, entry: (place) => constantForm(at(labels, place)) }),
  );
}

interface SharedScore {
  readonly single: readonly AffineForm[];
  readonly labels: readonly number[];
  readonly weights: readonly Weight[];
}

/** Shares of a whole if no leaf takes away, with the half in between; else amounts for and against. */
function twoClasses(
  context: OperatorContext,
  { single, labels, weights }: SharedScore,
): readonly Value[] {
  const { node } = context;
  const transform = choiceAttribute(node, "post_transform", TRANSFORMS);
  if (transform === "SOFTMAX") throw unsupported(node, "has one score for two classes");
  const areShares = weights.every(({ weight }) => weight >= 0);
  const isPositive = context.step(
    single.map((form) => combine([{ weight: 1, form }], areShares ? -0.5 : 0)),
  );
  const [negative, positive] = [at(labels, 0), at(labels, 1)];
  const named = isPositive.map((form) =>
    combine([{ weight: positive - negative, form }], negative),
  );
  const pairs = single.flatMap((form) => [
    combine([{ weight: -1, form }], areShares ? 1 : 0),
    form,
  ]);
  const isLogistic = transform === "LOGISTIC" && !areShares;
  const scores = isLogistic ? context.apply(SCALAR_FUNCTIONS.sigmoid, pairs) : pairs;
  return [fromForms([single.length], named, "int64"), fromForms([single.length, 2], scores)];
}
