import { at } from "../arrays.ts";
import type { OnnxNode } from "../onnx/model.ts";
import { shapeError } from "./operator.ts";

/** Shape of an element-wise result under numpy's (and ONNX's) multidirectional broadcasting. */
export function broadcastShape(
  node: OnnxNode,
  left: readonly number[],
  right: readonly number[],
): readonly number[] {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[axis - (rank - left.length)] ?? 1;
    const b = right[axis - (rank - right.length)] ?? 1;
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    throw shapeError(node, `cannot broadcast [${left.join(", ")}] with [${right.join(", ")}]`);
  });
}

/** Index in a tensor of shape `from` of the element that lands at `index` of the broadcast `shape`. */
export function broadcastIndex(
  node: OnnxNode,
  { index, shape, from }: { index: number; shape: readonly number[]; from: readonly number[] },
): number {
  let rest = index;
  let stride = 1;
  let source = 0;
  for (let back = 1; back <= shape.length; back++) {
    const size = at(shape, shape.length - back);
    const position = rest % size;
    rest = Math.floor(rest / size);
    const own = from[from.length - back] ?? 1;
    if (own !== 1 && own !== size) {
      throw shapeError(node, `cannot broadcast [${from.join(", ")}] to [${shape.join(", ")}]`);
    }
    if (own !== 1) source += position * stride;
    stride *= own;
  }
  return source;
}
