import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { constantForm, type AffineForm } from "../affine.ts";
import { attribute, choiceAttribute } from "../attributes.ts";
import { requireInput, unsupported, type OperatorContext } from "../operator.ts";
import { SCALAR_FUNCTIONS } from "../scalar-functions.ts";
import { formsOf, shapeOf } from "../value.ts";
import { entryAt } from "./computed-index.ts";
import { softmaxAlong } from "./softmax.ts";

/* What the classical models of ONNX-ML have in common: rows of features come in, scores and labels go out. */

/** The features of each row of the batch. */
export function featureRows(context: OperatorContext): readonly (readonly AffineForm[])[] {
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const width = shape[shape.length - 1] ?? 1;
  const forms = formsOf(value);
  return listOf(forms.length / width, (row) => forms.slice(row * width, (row + 1) * width));
}

/** Labels of classes, from the attribute of that name. */
export function integerLabels(node: OnnxNode, name: string): readonly number[] {
  const labels = attribute(node, name, "ints");
  if (labels !== undefined && labels.length > 0) return labels;
  throw unsupported(node, "has labels that are no whole numbers");
}

const TRANSFORMS = ["NONE", "LOGISTIC", "SOFTMAX"] as const;

export type Transform = (typeof TRANSFORMS)[number];

/** What a transform makes of the scores of each row. */
export function transformed(
  context: OperatorContext,
  transform: Transform,
  scores: readonly (readonly AffineForm[])[],
): readonly AffineForm[] {
  const forms = scores.flat();
  switch (transform) {
    case "NONE":
      return forms;
    case "LOGISTIC":
      return context.apply(SCALAR_FUNCTIONS.sigmoid, forms);
    case "SOFTMAX":
      return softmaxAlong(context, {
        shape: [scores.length, at(scores, 0).length],
        axis: 1,
        forms,
      });
  }
}

/** The attribute `post_transform`. */
export function transformOf(node: OnnxNode): Transform {
  return choiceAttribute(node, "post_transform", TRANSFORMS);
}

/** The label at each index. */
export function pickLabels(
  context: OperatorContext,
  indices: readonly AffineForm[],
  labels: readonly number[],
): AffineForm[] {
  if (labels.every((label, k) => label === k)) return [...indices];
  const range = { size: labels.length, first: 0, last: labels.length - 1 };
  return indices.map((form) =>
    entryAt(context, { form, ...range }, (place) => constantForm(at(labels, place))),
  );
}
