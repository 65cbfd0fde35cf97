import { at } from "../../arrays.ts";
import { combine, constantForm } from "../affine.ts";
import { broadcastIndex } from "../broadcast.ts";
import { floatAttribute, intAttribute, requireInput, type Operator } from "../operator.ts";
import { activation, formsOf, shapeOf, type Value } from "../value.ts";
import { multiplyMatrices } from "./matmul.ts";

/** ONNX `Gemm`: `alpha · A' · B' + beta · C`, where `'` transposes if the attribute says so and C broadcasts. */
export const gemm: Operator = (context) => {
  const { node } = context;
  const product = multiplyMatrices(node, {
    left: transposeIf(intAttribute(node, "transA", 0) !== 0, requireInput(context, 0)),
    right: transposeIf(intAttribute(node, "transB", 0) !== 0, requireInput(context, 1)),
  });
  const alpha = floatAttribute(node, "alpha", 1);
  const beta = floatAttribute(node, "beta", 1);
  const addend = context.inputs[2];
  const addends = addend === undefined ? [] : formsOf(addend);
  const forms = product.forms.map((form, index) => {
    const added =
      addend === undefined
        ? constantForm(0)
        : at(addends, broadcastIndex(node, { index, shape: product.shape, from: shapeOf(addend) }));
    return combine([
      { weight: alpha, form },
      { weight: beta, form: added },
    ]);
  });
  return activation(product.shape, forms);
};

function transposeIf(wanted: boolean, value: Value): Value {
  if (!wanted) return value;
  const [rows = 0, columns = 0] = shapeOf(value);
  const shape = [columns, rows];
  /** Row-major index in the original of element `index` of the transpose. */
  const source = (index: number): number => (index % rows) * columns + Math.floor(index / rows);
  if (value.kind === "constant") {
    const { type, values } = value.tensor;
    return {
      kind: "constant",
      tensor: { shape, type, values: values.map((_, i) => at(values, source(i))) },
    };
  }
  return { ...value, shape, forms: value.forms.map((_, i) => at(value.forms, source(i))) };
}
