import { at, listOf } from "../../arrays.ts";
import { combine, constantForm, mix, type AffineForm } from "../affine.ts";
import type { OperatorContext } from "../operator.ts";
import { negation } from "./comparison.ts";
import { choose } from "./logic.ts";
import {
  weightsOf,
  type Branch,
  type BranchMode,
  type Ensemble,
  type Leaf,
  type Weight,
} from "./tree-ensemble.ts";

/*
 * Each question of a node is a comparison of one feature with a constant: all questions about a feature share one thermometer. For
 * several targets, whether a path is taken is a product of its answers, one for each inner node that is not a root; what leaves
 * weigh is then affine. For one target, nodes choose between what is below them, at a product for each inner node that is not a
 * lowest one.
 */

interface Row {
  readonly features: readonly AffineForm[];
  readonly targets: number;
}

/** What the trees add up to, per target, for one row of features. */
export function totalsOf(
  context: OperatorContext,
  ensemble: Ensemble,
  { features, targets }: Row,
): readonly AffineForm[] {
  const answers = answerAll(context, ensemble, features);
  const used = new Set(weightsOf(ensemble).map(({ target }) => target));
  const [only] = used;
  if (used.size === 1) {
    const sum = singleTotal(context, ensemble, answers);
    return listOf(targets, (target) => (target === only ? sum : constantForm(0)));
  }
  const terms = listOf(targets, (): { weight: number; form: AffineForm }[] => []);
  for (const { leaf, taken } of leavesOf(context, ensemble, answers)) {
    for (const { target, weight } of leaf.weights) at(terms, target).push({ weight, form: taken });
  }
  return terms.map((each) => combine(each));
}

// ASK

/** For each place of a branch, a form that is 1 where its question is answered with yes. */
type Answers = ReadonlyMap<number, AffineForm>;

/** On which side of the value a feature may be. */
type Side = "above" | "below";

/** Questions by the sides that they ask for, or that they exclude. */
const QUESTIONS: Readonly<Record<BranchMode, { sides: readonly Side[]; isExcluded: boolean }>> = {
  BRANCH_LEQ: { sides: ["above"], isExcluded: true },
  BRANCH_LT: { sides: ["below"], isExcluded: false },
  BRANCH_GTE: { sides: ["below"], isExcluded: true },
  BRANCH_GT: { sides: ["above"], isExcluded: false },
  BRANCH_EQ: { sides: ["above", "below"], isExcluded: true },
  BRANCH_NEQ: { sides: ["above", "below"], isExcluded: false },
};

function answerAll(
  context: OperatorContext,
  { nodes }: Ensemble,
  features: readonly AffineForm[],
): Answers {
  const branches = [...nodes.entries()].flatMap(([place, node]) =>
    node.kind === "branch" ? [{ place, branch: node }] : [],
  );
  const differences = new Map<string, AffineForm>();
  for (const { branch } of branches) {
    for (const side of QUESTIONS[branch.mode].sides) {
      const name = comparisonOf(branch, side);
      if (!differences.has(name)) differences.set(name, difference(branch, side, features));
    }
  }
  const steps = context.step([...differences.values()]);
  const known = new Map([...differences.keys()].map((name, row) => [name, at(steps, row)]));
  return new Map(
    branches.map(({ place, branch }) => {
      const { sides, isExcluded } = QUESTIONS[branch.mode];
      const sum = combine(
        sides.map((side) => ({ weight: 1, form: found(known, comparisonOf(branch, side)) })),
      );
      return [place, isExcluded ? negation(sum) : sum];
    }),
  );
}

function comparisonOf({ feature, value }: Branch, side: Side): string {
  return `${feature} ${side} ${value}`;
}

/** What is above 0 where the feature is on that side of the value. */
function difference(
  { feature, value }: Branch,
  side: Side,
  features: readonly AffineForm[],
): AffineForm {
  const sign = side === "above" ? 1 : -1;
  return combine([{ weight: sign, form: at(features, feature) }], -sign * value);
}

function found<K, V>(known: ReadonlyMap<K, V>, key: K): V {
  const value = known.get(key);
  if (value !== undefined) return value;
  throw new Error("what is above a node was not computed before it");
}

// WALK

/** A leaf, and a form that is 1 if it is reached. */
interface ReachedLeaf {
  readonly leaf: Leaf;
  readonly taken: AffineForm;
}

/** Which leaves are reached: level by level, all trees at once. */
function leavesOf(
  context: OperatorContext,
  { nodes, levels }: Ensemble,
  answers: Answers,
): readonly ReachedLeaf[] {
  const takenAt = new Map<number, AffineForm>();
  for (const root of levels[0] ?? []) takenAt.set(root, constantForm(1));
  const leaves: ReachedLeaf[] = [];
  for (const level of levels) {
    const branches: { branch: Branch; taken: AffineForm; answer: AffineForm }[] = [];
    for (const place of level) {
      const node = at(nodes, place);
      const taken = found(takenAt, place);
      if (node.kind === "leaf") leaves.push({ leaf: node, taken });
      else branches.push({ branch: node, taken, answer: found(answers, place) });
    }
    const through = context.multiply(
      branches.map(({ taken }) => taken),
      branches.map(({ answer }) => answer),
    );
    branches.forEach(({ branch, taken }, row) => {
      const yes = at(through, row);
      takenAt.set(branch.yes, yes);
      takenAt.set(
        branch.no,
        mix([
          [1, taken],
          [-1, yes],
        ]),
      );
    });
  }
  return leaves;
}

/** Of the largest leaf: rounding a leaf to it changes what a tree says by less than outputs are rounded. */
const LEAF_BITS = 18;

/**
 * The sum for one target, from the leaves up: a node is worth what its answer chooses. The lowest nodes choose between constants,
 * which is affine, so only half of the inner nodes take a product.
 */
function singleTotal(context: OperatorContext, ensemble: Ensemble, answers: Answers): AffineForm {
  const { nodes, levels } = ensemble;
  const largest = weightsOf(ensemble).reduce(
    (most, { weight }) => Math.max(most, Math.abs(weight)),
    0,
  );
  const worth = new Map<number, AffineForm>();
  for (const level of [...levels].reverse()) {
    const branches: { place: number; branch: Branch }[] = [];
    for (const place of level) {
      const node = at(nodes, place);
      if (node.kind === "leaf") worth.set(place, constantForm(sumOf(node.weights)));
      else branches.push({ place, branch: node });
    }
    const chosen = choose(context, {
      conditions: branches.map(({ place }) => found(answers, place)),
      yes: branches.map(({ branch }) => found(worth, branch.yes)),
      no: branches.map(({ branch }) => found(worth, branch.no)),
      unit: largest / 2 ** LEAF_BITS,
    });
    branches.forEach(({ place }, row) => worth.set(place, at(chosen, row)));
  }
  return combine((levels[0] ?? []).map((root) => ({ weight: 1, form: found(worth, root) })));
}

function sumOf(weights: readonly Weight[]): number {
  return weights.reduce((sum, { weight }) => sum + weight, 0);
}
