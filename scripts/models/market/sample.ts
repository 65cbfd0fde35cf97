import { listOf } from "../../../zkml/arrays.ts";
import { seededRandom, type Random } from "../../../zkml/random.ts";

/** Draws so many things of each asset, each asset with a seed of its own: the first has `seed`, the next the one behind it. */
export function sampleAssets<Drawn>(
  assets: readonly Float64Array[],
  { seed, perAsset }: { readonly seed: number; readonly perAsset: number },
  draw: (returns: Float64Array, random: Random) => Drawn,
): Drawn[] {
  return assets.flatMap((returns, asset) => {
    const random = seededRandom(seed + asset);
    return listOf(perAsset, () => draw(returns, random));
  });
}
