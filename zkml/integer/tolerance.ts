/**
 * How far integers may be from the float network: a part of the range of its results, zero included, because some
 * networks hardly vary.
 */
export const TOLERANCE = 0.01;

/** From the smallest to the largest of these, zero included. */
export function rangeWithZero(values: Iterable<number>): number {
  let [low, high] = [0, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

/** Largest difference between two lists of the same length. */
export function maxDifference(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  return Array.from(wanted).reduce(
    (max, value, index) => Math.max(max, Math.abs((found[index] ?? NaN) - value)),
    0,
  );
}
