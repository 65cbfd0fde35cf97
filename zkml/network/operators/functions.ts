import { mapForms, type Operator } from "../operator.ts";
import type { ScalarFunction } from "../scalar-functions.ts";

/** An ONNX operator that is one real function, element by element. */
export function elementwise(given: ScalarFunction): Operator {
  return (context) => mapForms(context, (forms) => context.apply(given, forms));
}
