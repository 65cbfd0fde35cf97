import { at, elementCount } from "../../arrays.ts";
import { combine } from "../affine.ts";
import { broadcastIndex, broadcastShape } from "../broadcast.ts";
import { requireInput, type Operator } from "../operator.ts";
import { activation, formsOf, shapeOf } from "../value.ts";

/** ONNX `Add`: element-wise with broadcasting; either side may be constant (a bias) or computed (a residual). */
export const add: Operator = (context) => {
  const { node } = context;
  const sides = [requireInput(context, 0), requireInput(context, 1)].map((value) => ({
    from: shapeOf(value),
    forms: formsOf(value),
  }));
  const [left, right] = sides;
  const shape = broadcastShape(node, left?.from ?? [], right?.from ?? []);
  const forms = Array.from({ length: elementCount(shape) }, (_, index) =>
    combine(
      sides.map((side) => ({
        weight: 1,
        form: at(side.forms, broadcastIndex(node, { index, shape, from: side.from })),
      })),
    ),
  );
  return activation(shape, forms);
};
