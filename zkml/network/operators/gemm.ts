import { at } from "../../arrays.ts";
import { combine } from "../affine.ts";
import { flagAttribute, floatAttribute } from "../attributes.ts";
import { spread } from "../broadcast.ts";
import { requireInput, shapeError, type Operator } from "../operator.ts";
import { formsOf, fromForms, rearrange, shapeOf, typeOf, type Value } from "../value.ts";
import { multiplyMatrices } from "./matmul.ts";

/** ONNX `Gemm`: `alpha · A' · B' + beta · C`, where `'` transposes if the attribute says so and C broadcasts. */
export const gemm: Operator = (context) => {
  const { node } = context;
  const sides = [requireInput(context, 0), requireInput(context, 1)] as const;
  if (sides.some((side) => shapeOf(side).length !== 2)) {
    throw shapeError(node, "multiplies tensors that are no matrices");
  }
  const product = multiplyMatrices(context, {
    left: transposeIf(flagAttribute(node, "transA"), sides[0]),
    right: transposeIf(flagAttribute(node, "transB"), sides[1]),
  });
  const shape = shapeOf(product);
  const alpha = floatAttribute(node, "alpha", 1);
  const beta = floatAttribute(node, "beta", 1);
  const addend = context.inputs[2];
  const addends = addend === undefined ? undefined : spread(node, addend, shape);
  const forms = formsOf(product).map((form, index) => {
    const scaled = { weight: alpha, form };
    return combine(
      addends === undefined ? [scaled] : [scaled, { weight: beta, form: at(addends, index) }],
    );
  });
  return fromForms(shape, forms, typeOf(product));
};

function transposeIf(wanted: boolean, value: Value): Value {
  if (!wanted) return value;
  const [rows = 0, columns = 0] = shapeOf(value);
  return rearrange(value, [columns, rows], ([row = 0, column = 0]) => column * columns + row);
}
