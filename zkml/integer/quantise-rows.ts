import { at } from "../arrays.ts";
import type { AffineForm } from "../network/affine.ts";
import type { SparseRows } from "./graph.ts";

/** Largest weight of so many bits, sign included. */
export function maxWeight(bits: number): number {
  return 2 ** (bits - 1) - 1;
}

/** Largest contribution of one unit of any variable; 1 for a form that reads none, so that scales stay positive. */
export function largestTerm(form: AffineForm, scales: readonly number[]): number {
  const terms = form.variables.map((variable, k) =>
    Math.abs(at(form.coefficients, k) * at(scales, variable)),
  );
  const largest = terms.reduce((max, term) => Math.max(max, term), 0);
  return largest > 0 ? largest : 1;
}

/** What is known of the variables before a layer. */
export interface KnownVariables {
  /** Real value of one unit. */
  readonly scales: readonly number[];
  /** What each was seen to reach, in units. */
  readonly peaks: readonly number[];
}

/**
 * The scale at which a row needs no rounding, if there is one: all its weights are then whole, the smallest is 1, and its
 * constant is whole too. Differences, as maxima are made of, and whole numbers stay exact this way, and need the fewest bits.
 */
export function exactScale(
  { constant, variables, coefficients }: AffineForm,
  scales: readonly number[],
  limit: number,
): number | undefined {
  if (variables.length === 0) return undefined;
  const terms = variables.map((variable, k) =>
    Math.abs(at(coefficients, k) * at(scales, variable)),
  );
  const smallest = terms.reduce((min, term) => Math.min(min, term), Infinity);
  const isExact =
    Number.isInteger(constant / smallest) &&
    terms.every((term) => Number.isInteger(term / smallest) && term <= limit * smallest);
  return isExact ? smallest : undefined;
}

/** Ranges that differ by less than this are as good as equal. */
const MIXED_RANGES = 4;

/** Scale of a row whose weights have `weightBits`: an exact one, if there is one, or else a rounded one. */
export function rowScale(form: AffineForm, known: KnownVariables, weightBits: number): number {
  return (
    exactScale(form, known.scales, maxWeight(weightBits)) ??
    evenScale(form, known.scales, roundedScale(form, known, weightBits))
  );
}

/**
 * A scale not below the one given at which only the constant is rounded, if there is one: as when `|x| = 2 · max(0, x) - x` meets a
 * constant. Weights that cancel each other must not be rounded apart.
 */
function evenScale(form: AffineForm, scales: readonly number[], given: number): number {
  const smallest = exactScale({ ...form, constant: 0 }, scales, Infinity);
  return smallest === undefined || smallest < given
    ? given
    : smallest / Math.floor(smallest / given);
}

/**
 * A scale at which the largest weight just fits `weightBits`.
 *
 * Where a row mixes variables of short and long ranges, a weight's rounding counts for more with the long ones: there the
 * scale is so much finer that the largest part of the sum is known to `weightBits`.
 */
export function roundedScale(
  form: AffineForm,
  { scales, peaks }: KnownVariables,
  weightBits: number,
): number {
  const usual = largestTerm(form, scales) / maxWeight(weightBits);
  const parts = form.variables.map((variable, k) => {
    const peak = at(peaks, variable);
    return { peak, size: Math.abs(at(form.coefficients, k)) * at(scales, variable) * peak };
  });
  const longest = parts.reduce((max, { peak }) => Math.max(max, peak), 0);
  const largest = parts.reduce((max, { size }) => Math.max(max, size), 0);
  if (largest === 0) return usual;
  const fine = largest / longest / maxWeight(weightBits);
  return usual / fine >= MIXED_RANGES ? fine : usual;
}

/** Integer weights and biases of forms, each at the scale that `target` gives it. `offset` is added to the bias. */
export function integerRows(
  forms: readonly AffineForm[],
  scales: readonly number[],
  target: (row: number) => { scale: number; offset: number },
): SparseRows {
  const starts = [0];
  const variables: number[] = [];
  const weights: number[] = [];
  const bias = forms.map((form, row) => {
    const { scale, offset } = target(row);
    form.variables.forEach((variable, k) => {
      const weight = Math.round((at(form.coefficients, k) * at(scales, variable)) / scale);
      if (weight === 0) return;
      variables.push(variable);
      weights.push(weight);
    });
    starts.push(variables.length);
    return Math.round(form.constant / scale) + offset;
  });
  return {
    starts: Uint32Array.from(starts),
    variables: Uint32Array.from(variables),
    weights: Int32Array.from(weights),
    bias: Float64Array.from(bias),
  };
}
