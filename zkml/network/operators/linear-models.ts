import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, scaleForm, type AffineForm } from "../affine.ts";
import { attribute, choiceAttribute, intAttribute } from "../attributes.ts";
import { unsupported, type Operator } from "../operator.ts";
import { fromForms } from "../value.ts";
import { featureRows, integerLabels, pickLabels, transformed, transformOf } from "./classes.ts";
import { firstLargest } from "./ranking.ts";

/** What each of several lines says of a row of features: rows of `coefficients`, and an intercept each. */
function linesOf(
  node: OnnxNode,
  features: readonly AffineForm[],
  count: number,
): readonly AffineForm[] {
  const coefficients = attribute(node, "coefficients", "floats") ?? [];
  const intercepts = attribute(node, "intercepts", "floats") ?? [];
  return listOf(count, (line) =>
    combine(
      features.map((form, k) => ({ weight: at(coefficients, line * features.length + k), form })),
      intercepts[line] ?? 0,
    ),
  );
}

/** ONNX-ML `LinearRegressor`. */
export const linearRegressor: Operator = (context) => {
  const { node } = context;
  const targets = intAttribute(node, "targets", 1);
  choiceAttribute(node, "post_transform", ["NONE"]);
  const rows = featureRows(context).map((features) => linesOf(node, features, targets));
  return fromForms([rows.length, targets], rows.flat());
};

/**
 * ONNX-ML `LinearClassifier` with whole numbers as labels: the label of the largest score, and all scores. Of two classes, the first
 * may have no line of its own: its score is then the opposite of the second's.
 */
export const linearClassifier: Operator = (context) => {
  const { node } = context;
  const labels = integerLabels(node, "classlabels_ints");
  const count = (attribute(node, "intercepts", "floats") ?? []).length;
  const isSingle = labels.length === 2 && count === 1;
  if (!isSingle && count !== labels.length)
    throw unsupported(node, `has ${count} lines for ${labels.length} classes`);
  const lines = featureRows(context).map((features) => linesOf(node, features, count));
  const scores = isSingle ? lines.map((line) => [scaleForm(at(line, 0), -1), at(line, 0)]) : lines;
  const winners = isSingle
    ? context.step(lines.map((line) => at(line, 0)))
    : firstLargest(context, scores);
  return [
    fromForms([scores.length], pickLabels(context, winners, labels), "int64"),
    fromForms([scores.length, labels.length], transformed(context, transformOf(node), scores)),
  ];
};
