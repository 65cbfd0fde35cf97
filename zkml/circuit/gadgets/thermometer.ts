import { at } from "../../arrays.ts";
import type { ConstraintSystem } from "../constraint-system.ts";
import { sum, term, type LinearCombination, type ScaledPart } from "../linear-combination.ts";
import { bitLength, decompose } from "./bits.ts";
import { enforceBoolean } from "./boolean.ts";
import type { BoundedValue } from "./bounded-value.ts";

/**
 * Compares one value with many thresholds: mark `k` is 1 if `value ≥ thresholds[k]`, else 0.
 *
 * The thresholds, distinct, in ascending order and inside the interval, cut it into gaps. A value is the start of its gap
 * and a rest:
 *
 *     value = low + Σ mark[k] · (thresholds[k] - thresholds[k - 1]) + rest,    0 ≤ rest < length of the gap
 *
 * Enforced: from 1 before the first mark to 0 behind the last, each step down is 0 or 1, and they add up to 1, so exactly
 * one is 1: the marks name a gap. The rest is decomposed into bits, and so is what it lacks to the gap's end, so it lies in
 * the gap. A value lies in one gap only, so no other marks satisfy this. If all gaps have length 1 the rest is 0.
 *
 * Cost: `n + 1` rows for `n` marks (1 for one), and twice one row per bit of the longest gap and one; comparing on its own costs each
 * threshold one row per bit of the value.
 */
export function thermometer(
  cs: ConstraintSystem,
  { value, interval, valueOf }: BoundedValue,
  thresholds: readonly number[],
): LinearCombination[] {
  const starts = [interval.low, ...thresholds];
  const lengths = starts.map((start, k) => (starts[k + 1] ?? interval.high + 1) - start);
  const first = cs.wires(thresholds.length);
  const marks = thresholds.map((_, k) => term(first + k));
  enforceMarks(cs, marks);
  cs.assign((witness, assignment) => {
    const current = valueOf(assignment);
    thresholds.forEach((threshold, k) => {
      witness.set(first + k, current >= threshold ? 1 : 0);
    });
  });

  const rest = sum([
    [value, 1],
    [entryOf(cs, marks, starts), -1],
  ]);
  const restBits = bitLength(Math.max(...lengths) - 1);
  if (restBits === 0) {
    cs.enforceZero(rest, "thermometer");
    return marks;
  }
  const gapOf = (current: number) => thresholds.filter((threshold) => current >= threshold).length;
  decompose(cs, rest, restBits, (assignment) => {
    const current = valueOf(assignment);
    return current - at(starts, gapOf(current));
  });
  const lack = sum([
    [entryOf(cs, marks, lengths), 1],
    [cs.constant(-1), 1],
    [rest, -1],
  ]);
  decompose(cs, lack, restBits, (assignment) => {
    const current = valueOf(assignment);
    const gap = gapOf(current);
    return at(lengths, gap) - 1 - (current - at(starts, gap));
  });
  return marks;
}

/** The entry of the gap that marks name. */
function entryOf(
  cs: ConstraintSystem,
  marks: readonly LinearCombination[],
  entries: readonly number[],
): LinearCombination {
  const parts = marks.map((mark, k): ScaledPart => [mark, at(entries, k + 1) - at(entries, k)]);
  return sum([[cs.constant(at(entries, 0)), 1], ...parts]);
}

/** `1, …, 1, 0, …, 0`: of the differences of neighbours, with a 1 before and a 0 behind, each is 0 or 1. */
function enforceMarks(cs: ConstraintSystem, marks: readonly LinearCombination[]): void {
  const bounded = [cs.constant(1), ...marks, cs.constant(0)];
  // Of a single mark, both differences say the same.
  const count = marks.length === 1 ? 1 : marks.length + 1;
  for (let k = 0; k < count; k++) {
    const difference = sum([
      [at(bounded, k), 1],
      [at(bounded, k + 1), -1],
    ]);
    enforceBoolean(cs, difference);
  }
}
