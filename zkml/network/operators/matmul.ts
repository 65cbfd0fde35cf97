import { at, elementCount, listOf } from "../../arrays.ts";
import { combine, type AffineForm } from "../affine.ts";
import { broadcastIndex, broadcastShape } from "../broadcast.ts";
import { requireInput, shapeError, type Operator, type OperatorContext } from "../operator.ts";
import { formsOf, fromForms, relabel, shapeOf, typeOf, type Value } from "../value.ts";

/**
 * ONNX `MatMul`, by numpy's rules: leading dimensions are stacks of matrices that
 * broadcast, and a vector is a row on the left or a column on the right.
 */
export const matMul: Operator = (context) => {
  const { node } = context;
  const [left, right] = [requireInput(context, 0), requireInput(context, 1)];
  const [leftShape, rightShape] = [shapeOf(left), shapeOf(right)];
  if (leftShape.length === 0 || rightShape.length === 0) {
    throw shapeError(node, "multiplies a tensor without dimensions");
  }
  const product = multiplyMatrices(context, {
    left: leftShape.length === 1 ? relabel(left, { shape: [1, ...leftShape] }) : left,
    right: rightShape.length === 1 ? relabel(right, { shape: [...rightShape, 1] }) : right,
  });
  const shape = [...shapeOf(product)];
  if (rightShape.length === 1) shape.pop();
  if (leftShape.length === 1) shape.splice(shape.length - (rightShape.length === 1 ? 1 : 2), 1);
  return relabel(product, { shape });
};

/** Product of two matrices, or stacks of them. If both are computed, each product of two elements is a constraint. */
export function multiplyMatrices(
  context: OperatorContext,
  { left, right }: { readonly left: Value; readonly right: Value },
): Value {
  const { node } = context;
  const [rows, inner] = matrixSize(left);
  const [depth, columns] = matrixSize(right);
  if (inner !== depth) {
    throw shapeError(node, `multiplies a ${rows}×${inner} by a ${depth}×${columns} matrix`);
  }
  const [leftStack, rightStack] = [shapeOf(left).slice(0, -2), shapeOf(right).slice(0, -2)];
  const stack = broadcastShape(node, leftStack, rightStack);
  const dots: { row: number; column: number }[] = [];
  for (let index = 0; index < elementCount(stack); index++) {
    const first = broadcastIndex(node, { index, shape: stack, from: leftStack }) * rows * inner;
    const second =
      broadcastIndex(node, { index, shape: stack, from: rightStack }) * inner * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        dots.push({ row: first + row * inner, column: second + column });
      }
    }
  }
  const forms = dotProducts(context, { left, right, inner, columns }, dots);
  return fromForms([...stack, rows, columns], forms, typeOf(left));
}

function matrixSize(value: Value): [rows: number, columns: number] {
  const shape = shapeOf(value);
  return [at(shape, shape.length - 2), at(shape, shape.length - 1)];
}

/** An element of a product: of the row and the column that begin at these indices. */
interface Dot {
  readonly row: number;
  readonly column: number;
}

interface Factors {
  readonly left: Value;
  readonly right: Value;
  readonly inner: number;
  readonly columns: number;
}

function dotProducts(
  context: OperatorContext,
  { left, right, inner, columns }: Factors,
  dots: readonly Dot[],
): readonly AffineForm[] {
  const steps = listOf(inner, (k) => k);
  if (right.kind === "constant") {
    const { values } = right.tensor;
    const forms = formsOf(left);
    return dots.map(({ row, column }) =>
      combine(
        steps.map((k) => ({ weight: at(values, column + k * columns), form: at(forms, row + k) })),
      ),
    );
  }
  const { forms } = right;
  if (left.kind === "constant") {
    const { values } = left.tensor;
    return dots.map(({ row, column }) =>
      combine(
        steps.map((k) => ({ weight: at(values, row + k), form: at(forms, column + k * columns) })),
      ),
    );
  }
  const products = context.multiply(
    dots.flatMap(({ row }) => steps.map((k) => at(left.forms, row + k))),
    dots.flatMap(({ column }) => steps.map((k) => at(forms, column + k * columns))),
  );
  return dots.map((_, index) =>
    combine(steps.map((k) => ({ weight: 1, form: at(products, index * inner + k) }))),
  );
}
