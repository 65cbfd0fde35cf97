import { at } from "../arrays.ts";
import { forEachEntry, type SparseRows } from "../integer/graph.ts";
import type { ConstraintSystem } from "./constraint-system.ts";
import { bitLength } from "./gadgets/bits.ts";
import { plus, type BoundedValue } from "./gadgets/bounded-value.ts";
import { step } from "./gadgets/step.ts";
import { thermometer } from "./gadgets/thermometer.ts";
import { sum, ZERO, type LinearCombination } from "./linear-combination.ts";

/** A row `± value + bias > 0`, where `value` is what its group shares. */
interface Question {
  readonly row: number;
  readonly isMirrored: boolean;
  /** The row holds from here on, or if it is mirrored, up to before here. */
  readonly threshold: number;
}

interface Group {
  readonly value: BoundedValue;
  readonly questions: Question[];
}

/**
 * The rows of a step layer. Rows that differ in nothing but their constant and their sign ask for the place of one value among
 * thresholds, as trees do of each feature: they share a thermometer where that is cheaper than to compare each on its own.
 */
export function compileSteps(
  cs: ConstraintSystem,
  rows: SparseRows,
  given: readonly BoundedValue[],
): LinearCombination[] {
  const results: LinearCombination[] = given.map(() => ZERO);
  for (const { value, questions } of groupsOf(cs, rows, given).values()) {
    const thresholds = thresholdsWithin(value, questions);
    const isShared =
      thresholds.length > 1 &&
      sharedCost(value, thresholds) < singleCost(value) * thresholds.length;
    if (!isShared) {
      for (const { row } of questions) results[row] = step(cs, at(given, row));
      continue;
    }
    const marks = thermometer(cs, value, thresholds);
    for (const question of questions) {
      results[question.row] = answerOf(cs, question, {
        mark: marks[thresholds.indexOf(question.threshold)],
        interval: value.interval,
      });
    }
  }
  return results;
}

function groupsOf(
  cs: ConstraintSystem,
  rows: SparseRows,
  given: readonly BoundedValue[],
): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  given.forEach((bounded, row) => {
    const bias = at(rows.bias, row);
    const entries: (readonly [number, number])[] = [];
    forEachEntry(rows, row, (variable, weight) => entries.push([variable, weight]));
    const isMirrored = (entries[0]?.[1] ?? 1) < 0;
    const sign = isMirrored ? -1 : 1;
    const key = entries.map(([variable, weight]) => `${variable}:${sign * weight}`).join(" ");
    const value = isMirrored ? mirrored(plus(cs, bounded, -bias)) : plus(cs, bounded, -bias);
    const group = groups.get(key) ?? { value, questions: [] };
    // `value + bias > 0` from `1 - bias` on; `bias - value > 0` below `bias`.
    group.questions.push({ row, isMirrored, threshold: isMirrored ? bias : 1 - bias });
    groups.set(key, group);
  });
  return groups;
}

function mirrored({ value, interval, valueOf }: BoundedValue): BoundedValue {
  return {
    value: sum([[value, -1]]),
    interval: { low: -interval.high, high: -interval.low },
    valueOf: (assignment) => -valueOf(assignment),
  };
}

/** Those that are not the same for all values, each once, in ascending order. */
function thresholdsWithin(
  { interval }: BoundedValue,
  questions: readonly Question[],
): readonly number[] {
  const within = questions
    .map(({ threshold }) => threshold)
    .filter((threshold) => interval.low < threshold && threshold <= interval.high);
  return [...new Set(within)].sort((a, b) => a - b);
}

interface Answer {
  readonly mark: LinearCombination | undefined;
  readonly interval: BoundedValue["interval"];
}

function answerOf(
  cs: ConstraintSystem,
  { isMirrored, threshold }: Question,
  { mark, interval }: Answer,
): LinearCombination {
  const reached = mark ?? cs.constant(threshold <= interval.low ? 1 : 0);
  if (!isMirrored) return reached;
  return sum([
    [cs.constant(1), 1],
    [reached, -1],
  ]);
}

/** Rows of {@link step}. */
function singleCost({ interval: { low, high } }: BoundedValue): number {
  return bitLength(high - low) + 2;
}

/** Rows of {@link thermometer}. */
function sharedCost({ interval }: BoundedValue, thresholds: readonly number[]): number {
  const ends = [...thresholds, interval.high + 1];
  const lengths = ends.map((end, k) => end - (k === 0 ? interval.low : at(ends, k - 1)));
  const longest = Math.max(...lengths);
  return thresholds.length + 1 + 2 * (bitLength(longest - 1) + 1);
}
