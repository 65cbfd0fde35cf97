/** Cost of putting one bucket into the sum, in additions of a point to a bucket: two additions of slower points. */
const BUCKET_COST = 2.8;

/** Largest window: its digits are two bytes. */
const MAX_WINDOW = 16;

/** How scalars of `bits` bits are cut up. */
export interface Windows {
  /** Bits of a digit. */
  readonly width: number;
  readonly digits: number;
  /** Digits that share their buckets, because the points' multiples for each of them are at hand. */
  readonly levels: number;
  /** Rounds of filling buckets: `digits / levels`, rounded up. */
  readonly rounds: number;
}

/**
 * The cheapest way to multiply `points` points by scalars of `bits` bits and to add them all up.
 *
 * @param maxLevels Multiples of each point that there is room for.
 */
export function chooseWindows(points: number, bits: number, maxLevels = 1): Windows {
  let best: Windows | undefined;
  let least = Infinity;
  for (let width = 1; width <= MAX_WINDOW; width++) {
    const digits = Math.ceil(bits / width);
    const rounds = Math.ceil(digits / maxLevels);
    const levels = Math.ceil(digits / rounds);
    const cost = digits * points + rounds * BUCKET_COST * 2 ** width;
    if (cost >= least) continue;
    least = cost;
    best = { width, digits, levels, rounds };
  }
  if (best === undefined) throw new Error("there is always a window");
  return best;
}
