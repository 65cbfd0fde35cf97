import { requireInput, type Operator } from "../operator.ts";
import { SCALAR_FUNCTIONS, type ScalarFunctionName } from "../scalar-functions.ts";
import { activation, formsOf, shapeOf } from "../value.ts";

/** An ONNX operator that is one real function, element by element; of a constant it is computed. */
export function elementwise(name: ScalarFunctionName): Operator {
  return (context) => {
    const value = requireInput(context, 0);
    if (value.kind === "activation") {
      return activation(shapeOf(value), context.apply(name, formsOf(value)));
    }
    const { tensor } = value;
    const values = Float64Array.from(tensor.values, SCALAR_FUNCTIONS[name].evaluate);
    return { kind: "constant", tensor: { ...tensor, values } };
  };
}
