/** The element at `index`; throws where plain indexing would silently give `undefined`. */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined)
    throw new RangeError(`index ${index} is outside 0..${values.length - 1}`);
  return value;
}

/** Product of the dimensions: the number of elements of a tensor of that shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** `make(0)` to `make(length - 1)`. */
export function listOf<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}
