import { at, listOf } from "../../../zkml/arrays.ts";

/** A leaf adds to the log-odds; a split asks whether a feature is at most its limit. */
export type Tree =
  | { readonly kind: "leaf"; readonly value: number }
  | {
      readonly kind: "split";
      readonly feature: number;
      readonly limit: number;
      readonly yes: Tree;
      readonly no: Tree;
    };

/** Boosted trees: the log-odds are `base` and what each tree adds. */
export interface Forest {
  readonly base: number;
  readonly trees: readonly Tree[];
}

/** Rows of features, and for each whether it happened. */
export interface Cases {
  readonly features: readonly Int16Array[];
  readonly happened: readonly boolean[];
}

export interface BoostingOptions {
  readonly trees: number;
  readonly depth: number;
  readonly learningRate: number;
  /** Limits tried per feature: quantiles of the cases. */
  readonly limits: number;
  /** Added to the sum of second derivatives, so that leaves with few cases say less. */
  readonly regularisation: number;
  /** Cases, at the least, on each side of a split. */
  readonly smallestLeaf: number;
  readonly onTree?: (tree: number, loss: number) => void;
}

/**
 * Gradient-boosted trees for log loss, with second derivatives and histograms (Friedman, 2001; Chen and Guestrin, "XGBoost",
 * KDD 2016).
 */
export function boost(cases: Cases, options: BoostingOptions): Forest {
  const { features, happened } = cases;
  const share = happened.filter(Boolean).length / happened.length;
  const base = Math.log(share / (1 - share));
  const bins = binFeatures(features, options.limits);
  const logOdds = new Float64Array(happened.length).fill(base);
  const everyCase = happened.map((_, i) => i);
  const trees = listOf(options.trees, (number) => {
    const slopes = slopesOf(logOdds, happened);
    const tree = grow({ bins, slopes, options }, everyCase, options.depth);
    features.forEach((row, i) => {
      logOdds[i] = at(logOdds, i) + valueOf(tree, row);
    });
    options.onTree?.(number + 1, logLoss(logOdds, happened));
    return tree;
  });
  return { base, trees };
}

export function valueOf(tree: Tree, row: ArrayLike<number>): number {
  let node = tree;
  while (node.kind === "split") node = at(row, node.feature) <= node.limit ? node.yes : node.no;
  return node.value;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function logLoss(logOdds: Float64Array, happened: readonly boolean[]): number {
  const losses = logOdds.map((x, i) => Math.log1p(Math.exp(at(happened, i) ? -x : x)));
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** First and second derivatives of the loss by the log-odds, for each case. */
interface Slopes {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

function slopesOf(logOdds: Float64Array, happened: readonly boolean[]): Slopes {
  const probabilities = logOdds.map(sigmoid);
  return {
    first: probabilities.map((p, i) => p - (at(happened, i) ? 1 : 0)),
    second: probabilities.map((p) => p * (1 - p)),
  };
}

/** A feature's limits in ascending order, and for each case how many of them it is above. */
interface Bins {
  readonly limits: readonly number[];
  readonly of: Uint8Array;
}

function binFeatures(features: readonly Int16Array[], count: number): readonly Bins[] {
  return listOf(at(features, 0).length, (feature) => {
    const column = Int16Array.from(features, (row) => at(row, feature));
    const sorted = column.toSorted();
    const quantiles = listOf(count, (k) =>
      at(sorted, Math.floor(((k + 1) * sorted.length) / (count + 1))),
    );
    const limits = [...new Set(quantiles)];
    const of = Uint8Array.from(column, (value) => countBelow(limits, value));
    return { limits, of };
  });
}

/** How many of the limits are below the value, by halving. */
function countBelow(limits: readonly number[], value: number): number {
  let [low, high] = [0, limits.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (at(limits, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Growth {
  readonly bins: readonly Bins[];
  readonly slopes: Slopes;
  readonly options: BoostingOptions;
}

function grow(growth: Growth, cases: readonly number[], depth: number): Tree {
  const { bins, slopes, options } = growth;
  const total = sumOf(slopes, cases);
  const split = depth === 0 ? undefined : bestSplit(growth, cases, total);
  if (split === undefined) {
    const value = -total.first / (total.second + options.regularisation);
    return { kind: "leaf", value: options.learningRate * value };
  }
  const { feature, bin } = split;
  const { limits, of } = at(bins, feature);
  const isYes = (i: number): boolean => at(of, i) <= bin;
  return {
    kind: "split",
    feature,
    limit: at(limits, bin),
    yes: grow(growth, cases.filter(isYes), depth - 1),
    no: grow(
      growth,
      cases.filter((i) => !isYes(i)),
      depth - 1,
    ),
  };
}

interface Total {
  first: number;
  second: number;
  count: number;
}

function sumOf({ first, second }: Slopes, cases: readonly number[]): Total {
  const total = { first: 0, second: 0, count: cases.length };
  for (const i of cases) {
    total.first += at(first, i);
    total.second += at(second, i);
  }
  return total;
}

interface Split {
  readonly feature: number;
  /** Cases of this bin and of those below it answer yes. */
  readonly bin: number;
}

/** The split that lowers the loss most, if any does. */
function bestSplit(
  { bins, slopes, options }: Growth,
  cases: readonly number[],
  total: Total,
): Split | undefined {
  const { regularisation, smallestLeaf } = options;
  const score = ({ first, second }: Total): number => first ** 2 / (second + regularisation);
  let best: Split | undefined;
  let bestScore = score(total);
  bins.forEach((feature, number) => {
    const histogram = histogramOf(feature, slopes, cases);
    const below: Total = { first: 0, second: 0, count: 0 };
    for (let bin = 0; bin < feature.limits.length; bin++) {
      const { first, second, count } = at(histogram, bin);
      below.first += first;
      below.second += second;
      below.count += count;
      const above = {
        first: total.first - below.first,
        second: total.second - below.second,
        count: total.count - below.count,
      };
      if (Math.min(below.count, above.count) < smallestLeaf) continue;
      const found = score(below) + score(above);
      if (found <= bestScore) continue;
      best = { feature: number, bin };
      bestScore = found;
    }
  });
  return best;
}

function histogramOf({ limits, of }: Bins, slopes: Slopes, cases: readonly number[]): Total[] {
  const histogram = listOf(limits.length + 1, (): Total => ({ first: 0, second: 0, count: 0 }));
  for (const i of cases) {
    const bin = at(histogram, at(of, i));
    bin.first += at(slopes.first, i);
    bin.second += at(slopes.second, i);
    bin.count++;
  }
  return histogram;
}
