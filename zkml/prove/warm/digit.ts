import { FIELD_BYTES } from "../../circuit/field.ts";

const LIMBS = FIELD_BYTES / 4;

/** Bits `start` to `start + width` of a scalar of eight limbs; bits beyond the last limb are zero. */
export function digitAt(
  limbs: Uint32Array,
  index: number,
  { start, width }: { readonly start: number; readonly width: number },
): number {
  const limb = start >>> 5;
  const shift = start & 31;
  const lower = limb < LIMBS ? (limbs[index * LIMBS + limb] ?? 0) >>> shift : 0;
  const isSplit = shift + width > 32 && limb + 1 < LIMBS;
  const upper = isSplit ? (limbs[index * LIMBS + limb + 1] ?? 0) << (32 - shift) : 0;
  return (lower | upper) & (2 ** width - 1);
}
