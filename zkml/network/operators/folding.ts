import { at } from "../../arrays.ts";
import { ZkmlError } from "../../errors.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { flagAttribute } from "../attributes.ts";
import { alignInputs } from "../broadcast.ts";
import { requireInput, unsupported, type Operator, type OperatorContext } from "../operator.ts";
import { mapPositions } from "../shape.ts";
import { constant, isInteger } from "../value.ts";

/**
 * An element-wise operator that is known for constants only: exporters compute shapes, scales and positions with these.
 *
 * Numbers are doubles, so integers are exact up to 2⁵³ and floating point is more precise than float32.
 */
function folded(compute: (node: OnnxNode, left: number, right: number) => number): Operator {
  return (context) => {
    if (context.inputs.some((value) => value?.kind === "activation")) throw refuseComputed(context);
    const { shape, type, sides } = alignInputs(context);
    const [left = [], right] = sides;
    const results = left.map((form, index) => {
      const other = right === undefined ? 0 : at(right, index).constant;
      const result = compute(context.node, form.constant, other);
      if (!Number.isFinite(result)) throw unsupported(context.node, `gives ${result}`);
      return isInteger(type) ? Math.trunc(result) : result;
    });
    return constant(shape, results, type);
  };
}

function refuseComputed({ node }: OperatorContext): ZkmlError {
  return new ZkmlError(
    "ONNX_UNSUPPORTED_OPERATOR",
    `Node "${node.name}" uses operator ${node.operator} on a computed tensor, which is not supported.`,
    "Only constants may pass through it: change the model so that this node is not needed.",
  );
}

function unary(compute: (value: number) => number): Operator {
  return folded((_, value) => compute(value));
}

/** ONNX `Round`: halves go to the even neighbour. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** ONNX `Mod`: the result has the divisor's sign, or with `fmod` the dividend's. */
function modulo(node: OnnxNode, left: number, right: number): number {
  const rest = left % right;
  const isRightSign = rest === 0 || rest < 0 === right < 0 || flagAttribute(node, "fmod");
  return isRightSign ? rest : rest + right;
}

/** ONNX `NonZero` of a constant: the positions of its elements that are not zero, one column each. */
const nonZero: Operator = (context) => {
  const value = requireInput(context, 0);
  if (value.kind !== "constant") throw refuseComputed(context);
  const { shape, values } = value.tensor;
  const positions = mapPositions(shape, (position) => [...position]).filter(
    (_, index) => values[index] !== 0,
  );
  const rows = shape.map((_, axis) => positions.map((position) => at(position, axis)));
  return constant([shape.length, positions.length], rows.flat(), "int64");
};

export const FOLDED_OPERATORS: readonly (readonly [name: string, operator: Operator])[] = [
  ["Ceil", unary(Math.ceil)],
  ["Cos", unary(Math.cos)],
  ["Exp", unary(Math.exp)],
  ["Floor", unary(Math.floor)],
  ["Log", unary(Math.log)],
  ["Mod", folded(modulo)],
  ["NonZero", nonZero],
  ["Pow", folded((_, base, exponent) => base ** exponent)],
  ["Reciprocal", unary((value) => 1 / value)],
  ["Round", unary(roundToEven)],
  ["Sin", unary(Math.sin)],
  ["Sqrt", unary(Math.sqrt)],
];
