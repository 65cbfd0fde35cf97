import { at, elementCount } from "../../arrays.ts";
import { mixRows, scaleForm } from "../affine.ts";
import { spread } from "../broadcast.ts";
import {
  constantInput,
  requireInput,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { formsOf, fromForms, relabel, shapeOf, type Value } from "../value.ts";
import { convolution } from "./convolution.ts";
import { matMul } from "./matmul.ts";
import { saturated } from "./quantization.ts";

/*
 * Products of networks that another program has quantised: those of floating-point tensors, of what is left when zero points are
 * subtracted. Sums are exact; where they are brought to a scale, the result is rounded and kept within its type.
 */

/** Which axis of an operand, counted from the end, has a zero point or a scale for each place, if there are several. */
type AxisFromEnd = (rank: number) => number;

const LAST: AxisFromEnd = () => 1;
const ROWS: AxisFromEnd = () => 2;
const FIRST: AxisFromEnd = (rank) => rank;

/** A value or several of them, laid out along an axis of a tensor of that rank. */
function alongAxis(value: Value, rank: number, axisOf: AxisFromEnd): Value {
  const count = elementCount(shapeOf(value));
  if (count === 1) return relabel(value, { shape: [] });
  return relabel(value, { shape: [count, ...new Array<number>(axisOf(rank) - 1).fill(1)] });
}

/** Input `index` less its zero point, which is input `zero` and may be left out. */
function centred(
  context: OperatorContext,
  [index, zero]: readonly [number, number],
  axisOf: AxisFromEnd,
): Value {
  const value = requireInput(context, index);
  const given = context.inputs[zero];
  if (given === undefined) return value;
  const shape = shapeOf(value);
  const zeros = spread(context.node, alongAxis(given, shape.length, axisOf), shape);
  const rests = mixRows([
    [1, formsOf(value)],
    [-1, zeros],
  ]);
  return fromForms(shape, rests, "int32");
}

/** What an operator gives on other inputs than the node's. */
function resultOf(
  operator: Operator,
  context: OperatorContext,
  inputs: readonly (Value | undefined)[],
): Value {
  const result = operator({ ...context, inputs });
  if ("kind" in result) return relabel(result, { type: "int32" });
  throw shapeError(context.node, "has several results");
}

/** ONNX `MatMulInteger`. */
export const matMulInteger: Operator = (context) =>
  resultOf(matMul, context, [centred(context, [0, 2], ROWS), centred(context, [1, 3], LAST)]);

/** ONNX `ConvInteger`. */
export const convInteger: Operator = (context) =>
  resultOf(convolution, context, [
    centred(context, [0, 2], FIRST),
    centred(context, [1, 3], FIRST),
  ]);

/** Refuses several scales or zero points where one is for all. */
function requireOne(context: OperatorContext, index: number, what: string): void {
  const count = elementCount(shapeOf(requireInput(context, index)));
  if (count !== 1) throw unsupported(context.node, `has ${count} ${what}`);
}

/** Sums brought from the product of their operands' scales to the scale of inputs #6 and #7. */
function requantised(context: OperatorContext, sums: Value, axisOf: AxisFromEnd): Value {
  const { node } = context;
  requireOne(context, 1, "scales of its first operand");
  requireOne(context, 6, "scales of its result");
  requireOne(context, 7, "zero points of its result");
  const shape = shapeOf(sums);
  const wide = (index: number, role: string) => {
    constantInput(context, index, role);
    const value = alongAxis(requireInput(context, index), shape.length, axisOf);
    return spread(node, value, shape);
  };
  const [own, weights, result] = [wide(1, "scale"), wide(4, "scale"), wide(6, "scale")];
  const quotients = formsOf(sums).map((form, index) =>
    scaleForm(
      form,
      (at(own, index).constant * at(weights, index).constant) / at(result, index).constant,
    ),
  );
  const { type, values } = constantInput(context, 7, "zero point");
  return saturated(context, { shape, quotients, zeros: quotients.map(() => at(values, 0)), type });
}

/** ONNX `QLinearMatMul`, with one scale for the left side and one, or one for each column, for the right. */
export const qLinearMatMul: Operator = (context) => {
  const left = centred(context, [0, 2], ROWS);
  const right = centred(context, [3, 5], LAST);
  return requantised(context, resultOf(matMul, context, [left, right]), LAST);
};

/** ONNX `QLinearConv`, with one scale, or one for each channel of the result, for the weights. */
export const qLinearConv: Operator = (context) => {
  const value = centred(context, [0, 2], FIRST);
  const weights = centred(context, [3, 5], FIRST);
  const sums = resultOf(convolution, context, [value, weights, context.inputs[8]]);
  return requantised(context, sums, (rank) => rank - 1);
};
