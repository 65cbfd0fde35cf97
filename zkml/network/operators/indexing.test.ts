import { int64s, node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES } from "../../onnx/schema.ts";
import { floats, itAgreesWithOnnxruntime, weights } from "../../testing/onnxruntime.ts";

/** An index from 0 to 3, of two comparisons. */
const INDEX = [
  node("Greater", ["x", "zero"], "p"),
  node("Cast", ["p"], "i", { to: ELEMENT_TYPES.int64 }),
  node("Greater", ["x", "one"], "q"),
  node("Cast", ["q"], "j", { to: ELEMENT_TYPES.int64 }),
  node("Add", ["i", "j"], "k"),
  node("Add", ["k", "i"], "index"),
];

const LIMITS = { zero: tensor([1], [0]), one: tensor([1], [1]) };

describe("computed indices of few places", () => {
  itAgreesWithOnnxruntime({
    "Gather of constants by a computed index": {
      input: floats(6),
      output: floats(6, 2),
      nodes: [...INDEX, node("Gather", ["c", "index"], "y")],
      initializers: { ...LIMITS, c: weights(4, 2) },
    },
    "GatherElements of computed elements by a computed index": {
      input: floats(2, 4),
      output: floats(2, 4),
      nodes: [...INDEX, node("GatherElements", ["x", "index"], "y", { axis: 1 })],
      initializers: LIMITS,
    },
    "Gather by an index from the end": {
      input: floats(6),
      output: floats(6, 2),
      nodes: [...INDEX, node("Sub", ["index", "four"], "back"), node("Gather", ["c", "back"], "y")],
      initializers: { ...LIMITS, c: weights(4, 2), four: int64s(4) },
    },
    "OneHot of a computed index": {
      input: floats(5),
      output: floats(5, 4),
      nodes: [...INDEX, node("OneHot", ["index", "depth", "values"], "y")],
      initializers: { ...LIMITS, depth: int64s(4), values: tensor([2], [-1, 2]) },
    },
  });
});
