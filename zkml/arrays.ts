import { ZkmlError } from "./errors.ts";

/** The element at `index`; throws where plain indexing would silently give `undefined`. */
export function at<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined)
    throw new RangeError(`index ${index} is outside 0..${values.length - 1}`);
  return value;
}

/** Far more than any circuit computes with; a file can name any number. */
const MAX_ELEMENTS = 2 ** 26;

/**
 * Product of the dimensions: the number of elements of a tensor of that shape.
 *
 * @throws ZkmlError `CIRCUIT_TOO_LARGE` for more than memory holds.
 */
export function elementCount(shape: readonly number[]): number {
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  if (count <= MAX_ELEMENTS) return count;
  throw new ZkmlError(
    "CIRCUIT_TOO_LARGE",
    `A tensor of shape [${shape.join(", ")}] has ${count} elements; at most ${MAX_ELEMENTS} can be handled.`,
    "Check the dimensions, also those that you gave, and use a smaller model.",
  );
}

/** `make(0)` to `make(length - 1)`. */
export function listOf<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index));
}
