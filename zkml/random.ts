/** Uniform numbers from 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;

/** Mulberry32 (Tommy Ettinger, public domain): a seeded generator, so that a failing test fails again. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
