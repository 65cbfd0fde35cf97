import { requireInput, type Operator } from "../operator.ts";
import { activation, formsOf, shapeOf } from "../value.ts";

/** ONNX `Relu`: `max(0, x)` element-wise. The only supported operator that is not affine. */
export const relu: Operator = (context) => {
  const value = requireInput(context, 0);
  return activation(shapeOf(value), context.rectify(formsOf(value)));
};
