import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, type AffineForm } from "../affine.ts";
import { choiceAttribute, intAttribute } from "../attributes.ts";
import { unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { fromForms, type Value } from "../value.ts";
import { firstLargest } from "./ranking.ts";
import {
  featureRows,
  integerLabels,
  pickLabels,
  transformed,
  transformOf,
  type Transform,
} from "./classes.ts";
import {
  floatsOf,
  readEnsemble,
  readSeparateLeaves,
  weightsOf,
  type Ensemble,
  type Weight,
} from "./tree-ensemble.ts";
import { totalsOf } from "./tree-totals.ts";

/* Ensembles of decision trees, as ONNX-ML has them: what their leaves add up to, and what becomes of that. */

function baseValues(node: OnnxNode, count: number): readonly number[] {
  const base = floatsOf(node, "base_values");
  return listOf(count, (target) => base[target] ?? 0);
}

/** ONNX-ML `TreeEnsembleRegressor`: sums or averages. */
export const treeRegressor: Operator = (context) => {
  const { node } = context;
  const targets = intAttribute(node, "n_targets", 1);
  return regression(context, {
    ensemble: readEnsemble(node, { prefix: "target", targets }),
    base: baseValues(node, targets),
    aggregate: choiceAttribute(node, "aggregate_function", AGGREGATES),
    transform: transformOf(node),
  });
};

const AGGREGATES = ["SUM", "AVERAGE"] as const;

/** ONNX-ML `TreeEnsemble`, which took the place of the others in version 5: sums or averages. */
export const treeEnsemble: Operator = (context) => {
  const { node } = context;
  const targets = intAttribute(node, "n_targets", 1);
  return regression(context, {
    ensemble: readSeparateLeaves(node, targets),
    base: listOf(targets, () => 0),
    aggregate: numbered(node, "aggregate_function", ["AVERAGE", "SUM"], 1),
    // The standard and onnxruntime number the others differently.
    transform: numbered(node, "post_transform", ["NONE"], 0),
  });
};

/** One of several values that a file names by its number. */
function numbered<T extends string>(
  node: OnnxNode,
  name: string,
  values: readonly T[],
  fallback: number,
): T {
  const code = intAttribute(node, name, fallback);
  const value = values[code];
  if (value !== undefined) return value;
  throw unsupported(node, `has ${name} ${code}`);
}

interface Regression {
  readonly ensemble: Ensemble;
  /** What each target starts from. */
  readonly base: readonly number[];
  readonly aggregate: (typeof AGGREGATES)[number];
  readonly transform: Transform;
}

function regression(
  context: OperatorContext,
  { ensemble, base, aggregate, transform }: Regression,
): Value {
  const targets = base.length;
  const share = aggregate === "AVERAGE" ? 1 / at(ensemble.levels, 0).length : 1;
  const scores = featureRows(context).map((features) =>
    totalsOf(context, ensemble, { features, targets }).map((form, target) =>
      combine([{ weight: share, form }], at(base, target)),
    ),
  );
  return fromForms([scores.length, targets], transformed(context, transform, scores));
}

/**
 * ONNX-ML `TreeEnsembleClassifier` with whole numbers as labels: the label of the largest score, and all scores.
 *
 * Two classes may share one score, as boosted trees have it: it is then that of the class which the leaves name, and the other's
 * follows from it as onnxruntime does it.
 */
export const treeClassifier: Operator = (context) => {
  const { node } = context;
  const labels = integerLabels(node, "classlabels_int64s");
  const targets = labels.length;
  const ensemble = readEnsemble(node, { prefix: "class", targets });
  const base = baseValues(node, targets);
  const scores = featureRows(context).map((features) =>
    totalsOf(context, ensemble, { features, targets }).map((form, target) =>
      combine([{ weight: 1, form }], at(base, target)),
    ),
  );
  const weights = weightsOf(ensemble);
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
    fromForms([scores.length, labels.length], transformed(context, transformOf(node), scores)),
  ];
};

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
  const transform = transformOf(node);
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
