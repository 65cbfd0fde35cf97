import { at } from "../../arrays.ts";
import { requireInput, unsupported, type Operator } from "../operator.ts";
import { mapPositions } from "../shape.ts";
import { constant } from "../value.ts";

/** ONNX `NonZero` of a constant: the positions of its elements that are not zero, one column each. */
export const nonZero: Operator = (context) => {
  const value = requireInput(context, 0);
  if (value.kind !== "constant") throw unsupported(context.node, "reads a computed tensor");
  const { shape, values } = value.tensor;
  const positions = mapPositions(shape, (position) => [...position]).filter(
    (_, index) => values[index] !== 0,
  );
  const rows = shape.map((_, axis) => positions.map((position) => at(position, axis)));
  return constant([shape.length, positions.length], rows.flat(), "int64");
};
