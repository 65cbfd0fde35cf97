import { at, elementCount } from "../../arrays.ts";
import { constantForm } from "../affine.ts";
import { requireInput, type Operator } from "../operator.ts";
import { withSize } from "../shape.ts";
import { fromForms, shapeOf, typeOf } from "../value.ts";
import { indicatorsOf } from "./computed-index.ts";
import { firstLargest } from "./ranking.ts";
import { groupBy } from "./reduction.ts";
import { softmaxOperand } from "./softmax.ts";

/** ONNX `Hardmax`: 1 for the first largest element along an axis, 0 for others. */
export const hardmax: Operator = (context) => {
  const value = requireInput(context, 0);
  const { shape, axis, forms } = softmaxOperand(context);
  const size = at(shape, axis);
  const inner = elementCount(shape.slice(axis + 1));
  const groups = groupBy(fromForms(shape, forms), withSize(shape, axis, 1));
  const hot = firstLargest(context, groups).map((form) =>
    indicatorsOf(context, { form, size, first: 0, last: size - 1 }, "nearest place"),
  );
  const results = forms.map((_, index) => {
    const group = Math.floor(index / inner / size) * inner + (index % inner);
    return at(hot, group).get(Math.floor(index / inner) % size) ?? constantForm(0);
  });
  return fromForms(shapeOf(value), results, typeOf(value));
};
