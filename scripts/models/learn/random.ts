import { at } from "../../../zkml/arrays.ts";
import type { Random } from "../../../zkml/random.ts";

/** A normally distributed number of mean 0 and variance 1 (Box and Muller, 1958). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Weights of a layer before rectifiers, whose rows read `fanIn` elements (He et al., 2015). */
export function heWeights(random: Random, fanIn: number, length: number): Float32Array {
  return Float32Array.from({ length }, () => gaussian(random) * Math.sqrt(2 / fanIn));
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle(values: number[], random: Random): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [at(values, j), at(values, i)];
  }
}
