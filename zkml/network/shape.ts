import { at } from "../arrays.ts";

/** Row-major strides: how far apart neighbours along each axis lie. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = at(strides, axis + 1) * at(shape, axis + 1);
  }
  return strides;
}

/** Row-major index of the element at `position`, for the strides of its tensor. */
export function indexOf(position: readonly number[], strides: readonly number[]): number {
  let index = 0;
  for (let axis = 0; axis < strides.length; axis++) index += at(position, axis) * at(strides, axis);
  return index;
}

/** `map` of every position of a tensor, in row-major order. The position is one array that changes between calls. */
export function mapPositions<T>(
  shape: readonly number[],
  map: (position: readonly number[]) => T,
): T[] {
  if (shape.includes(0)) return [];
  const position = shape.map(() => 0);
  const results = [map(position)];
  while (advance(position, shape)) results.push(map(position));
  return results;
}

/** Moves to the next position; false after the last. */
function advance(position: number[], shape: readonly number[]): boolean {
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const next = at(position, axis) + 1;
    if (next < at(shape, axis)) {
      position[axis] = next;
      return true;
    }
    position[axis] = 0;
  }
  return false;
}

/** The shape with the size of one axis replaced. */
export function withSize(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((old, each) => (each === axis ? size : old));
}
