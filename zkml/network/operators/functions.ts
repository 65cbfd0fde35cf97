import { requireInput, type Operator } from "../operator.ts";
import type { ScalarFunction } from "../scalar-functions.ts";
import { formsOf, fromForms, shapeOf } from "../value.ts";

/** An ONNX operator that is one real function, element by element. */
export function elementwise(given: ScalarFunction): Operator {
  return (context) => {
    const value = requireInput(context, 0);
    return fromForms(shapeOf(value), context.apply(given, formsOf(value)));
  };
}
