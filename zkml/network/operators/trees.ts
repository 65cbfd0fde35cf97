import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, type AffineForm } from "../affine.ts";
import { attribute, choiceAttribute, intAttribute } from "../attributes.ts";
import { unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { fromForms, type Value } from "../value.ts";
import { firstLargest } from "./ranking.ts";
import { featureRows, integerLabels, pickLabels, transformed, TRANSFORMS } from "./classes.ts";
import { readEnsemble, weightsOf, type Weight } from "./tree-ensemble.ts";
import { totalsOf } from "./tree-totals.ts";

/* Ensembles of decision trees, as ONNX-ML has them: what their leaves add up to, and what becomes of that. */

function baseValues(node: OnnxNode, count: number): readonly number[] {
  const base = attribute(node, "base_values", "floats") ?? [];
  return listOf(count, (target) => base[target] ?? 0);
}

/** ONNX-ML `TreeEnsembleRegressor`: sums or averages, without a transformation or by a sigmoid. */
export const treeRegressor: Operator = (context) => {
  const { node } = context;
  const targets = intAttribute(node, "n_targets", 1);
  const aggregate = choiceAttribute(node, "aggregate_function", ["SUM", "AVERAGE"]);
  const transform = choiceAttribute(node, "post_transform", ["NONE", "LOGISTIC"]);
  const ensemble = readEnsemble(node, { prefix: "target", targets });
  const base = baseValues(node, targets);
  const share = aggregate === "AVERAGE" ? 1 / at(ensemble.levels, 0).length : 1;
  const batch = featureRows(context);
  const sums = batch.flatMap((features) =>
    totalsOf(context, ensemble, { features, targets }).map((form, target) =>
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
    fromForms([scores.length, labels.length], transformed(context, scores, labels.length)),
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
