import { at, elementCount } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, type AffineForm, type WeightedForm } from "../affine.ts";
import { requireInput, shapeError, unsupported, type Operator } from "../operator.ts";
import { activation, formsOf, relabel, shapeOf, type Activation, type Value } from "../value.ts";

/**
 * ONNX `MatMul` with a constant on either side: numpy's rules for vectors, and leading dimensions of the left operand
 * are rows when the right operand is a matrix.
 */
export const matMul: Operator = (context) => {
  const { node } = context;
  const left = requireInput(context, 0);
  const right = requireInput(context, 1);
  const leftShape = shapeOf(left);
  const rightShape = shapeOf(right);
  if (leftShape.length === 0 || rightShape.length === 0 || rightShape.length > 2) {
    throw unsupported(node, `multiplies [${leftShape.join(", ")}] by [${rightShape.join(", ")}]`);
  }

  const inner = at(leftShape, leftShape.length - 1);
  const columns = rightShape.length === 2 ? at(rightShape, 1) : 1;
  const product = multiplyMatrices(node, {
    left: relabel(left, { shape: [elementCount(leftShape) / inner, inner] }),
    right: relabel(right, { shape: [at(rightShape, 0), columns] }),
  });
  const shape = [...leftShape.slice(0, -1), ...rightShape.slice(1)];
  return { ...product, shape };
};

/** Product of two matrices, at least one of them constant. */
export function multiplyMatrices(
  node: OnnxNode,
  { left, right }: { readonly left: Value; readonly right: Value },
): Activation {
  const [rows = 0, inner = 0] = shapeOf(left);
  const [depth = 0, columns = 0] = shapeOf(right);
  if (inner !== depth) {
    throw shapeError(node, `multiplies a ${rows}×${inner} by a ${depth}×${columns} matrix`);
  }
  const terms = elementTerms(node, left, right, { inner, columns });
  const forms: AffineForm[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) forms.push(combine(terms(row, column)));
  }
  return activation([rows, columns], forms);
}

type Terms = (row: number, column: number) => WeightedForm[];

/** The products that sum up to one element: a constant factor of one side times a form of the other. */
function elementTerms(
  node: OnnxNode,
  left: Value,
  right: Value,
  { inner, columns }: { readonly inner: number; readonly columns: number },
): Terms {
  const steps = Array.from({ length: inner }, (_, k) => k);
  if (right.kind === "constant") {
    const { values } = right.tensor;
    const forms = formsOf(left);
    return (row, column) =>
      steps.map((k) => ({
        weight: at(values, k * columns + column),
        form: at(forms, row * inner + k),
      }));
  }
  if (left.kind === "constant") {
    const { values } = left.tensor;
    const { forms } = right;
    return (row, column) =>
      steps.map((k) => ({
        weight: at(values, row * inner + k),
        form: at(forms, k * columns + column),
      }));
  }
  throw unsupported(node, "multiplies two computed tensors");
}
