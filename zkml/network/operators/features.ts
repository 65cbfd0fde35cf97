import { at, elementCount } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, constantForm, mix, mixRows, type AffineForm } from "../affine.ts";
import { anyFloatAttribute, attribute, floatAttribute } from "../attributes.ts";
import {
  constantInput,
  mapForms,
  requireInput,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { formsOf, fromForms, isInteger, rearrange, relabel, shapeOf, typeOf } from "../value.ts";
import { negation } from "./comparison.ts";
import { resolveIndex } from "./computed-index.ts";
import { concatenate } from "./joining.ts";
import { choose } from "./logic.ts";

/* What ONNX-ML has to prepare features with. */

/** The number of features, along the last axis. */
function widthOf(context: OperatorContext): number {
  const shape = shapeOf(requireInput(context, 0));
  return shape[shape.length - 1] ?? 1;
}

/** One for all features, or one for each. */
function perFeature(node: OnnxNode, values: readonly number[], width: number) {
  if (values.length !== 1 && values.length !== width)
    throw shapeError(node, `has ${values.length} values for ${width} features`);
  return (index: number) => at(values, values.length === 1 ? 0 : index % width);
}

/** ONNX-ML `Scaler`: `(x - offset) · scale`. */
export const scaler: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const width = widthOf(context);
  const offset = perFeature(node, attribute(node, "offset", "floats") ?? [0], width);
  const scale = perFeature(node, attribute(node, "scale", "floats") ?? [1], width);
  const forms = formsOf(value).map((form, index) =>
    combine([{ weight: scale(index), form }], -scale(index) * offset(index)),
  );
  return fromForms(shapeOf(value), forms);
};

/** ONNX-ML `Binarizer`: 1 above the threshold, else 0. */
export const binarizer: Operator = (context) => {
  const threshold = floatAttribute(context.node, "threshold", 0);
  return mapForms(context, (forms) => context.step(mixRows([[1, forms]], -threshold)));
};

/** 1 where forms are equal to a constant. */
function isEqualTo(
  context: OperatorContext,
  forms: readonly AffineForm[],
  constant: number,
): readonly AffineForm[] {
  const above = mixRows([[1, forms]], -constant);
  const sides = context.step([...above, ...mixRows([[-1, above]])]);
  return forms.map((_, row) =>
    negation(
      mix([
        [1, at(sides, row)],
        [1, at(sides, row + forms.length)],
      ]),
    ),
  );
}

/** ONNX-ML `Imputer`: puts other values in place of one. If that is NaN there is nothing to do: numbers here are finite. */
export const imputer: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const ofIntegers = isInteger(typeOf(value));
  const replaced = ofIntegers
    ? (attribute(node, "replaced_value_int64", "int") ?? 0)
    : anyFloatAttribute(node, "replaced_value_float", 0);
  if (!Number.isFinite(replaced)) return value;
  const imputed = ofIntegers
    ? attribute(node, "imputed_value_int64s", "ints")
    : attribute(node, "imputed_value_floats", "floats");
  const valueAt = perFeature(node, imputed ?? [], widthOf(context));
  return mapForms(context, (forms) =>
    choose(context, {
      conditions: isEqualTo(context, forms, replaced),
      yes: forms.map((_, index) => constantForm(valueAt(index))),
      no: forms,
    }),
  );
};

/** ONNX-ML `ArrayFeatureExtractor`: some of the features, by constant indices. */
export const arrayFeatureExtractor: Operator = (context) => {
  const { node } = context;
  const value = requireInput(context, 0);
  const shape = shapeOf(value);
  const width = widthOf(context);
  const places = Array.from(constantInput(context, 1, "indices").values, (index) =>
    resolveIndex(node, index, width),
  );
  const rows = elementCount(shape) / width;
  const picked = rearrange(
    value,
    [rows, places.length],
    ([row = 0, place = 0]) => row * width + at(places, place),
  );
  return shape.length < 2
    ? picked
    : relabel(picked, { shape: [...shape.slice(0, -1), places.length] });
};

/** ONNX-ML `FeatureVectorizer`: features side by side. */
export const featureVectorizer: Operator = (context) => {
  const inputs = context.inputs.map((_, index) =>
    relabel(requireInput(context, index), { type: "float" }),
  );
  return concatenate({ ...context, inputs });
};

/** ONNX-ML `OneHotEncoder` of whole numbers: 1 for the category that a number is, and 0 for others. */
export const oneHotEncoder: Operator = (context) => {
  const { node } = context;
  const categories = attribute(node, "cats_int64s", "ints");
  if (categories === undefined) throw unsupported(node, "has categories that are no whole numbers");
  const value = requireInput(context, 0);
  const forms = formsOf(value);
  const columns = categories.map((category) => isEqualTo(context, forms, category));
  const encoded = forms.flatMap((_, row) => columns.map((column) => at(column, row)));
  return fromForms([...shapeOf(value), categories.length], encoded);
};

/** ONNX-ML `LabelEncoder` from whole numbers to numbers: what is no key becomes the default. */
export const labelEncoder: Operator = (context) => {
  const { node } = context;
  const keys = attribute(node, "keys_int64s", "ints");
  const whole = attribute(node, "values_int64s", "ints");
  const values = whole ?? attribute(node, "values_floats", "floats");
  if (keys === undefined || values === undefined)
    throw unsupported(node, "has keys or values that are no numbers");
  const repeated = keys.find((key, k) => keys.indexOf(key) !== k);
  if (repeated !== undefined) throw unsupported(node, `has the key ${repeated} more than once`);
  const fallback =
    whole === undefined
      ? floatAttribute(node, "default_float", 0)
      : (attribute(node, "default_int64", "int") ?? -1);
  const value = requireInput(context, 0);
  const forms = formsOf(value);
  const matches = keys.map((key) => isEqualTo(context, forms, key));
  const encoded = forms.map((_, row) =>
    combine(
      matches.map((match, k) => ({ weight: at(values, k) - fallback, form: at(match, row) })),
      fallback,
    ),
  );
  return fromForms(shapeOf(value), encoded, whole === undefined ? "float" : "int64");
};
