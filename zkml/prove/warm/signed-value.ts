import { FIELD_BYTES, FIELD_ORDER } from "../../circuit/field.ts";

const LIMBS = FIELD_BYTES / 4;

/** The field's order in limbs of 32 bits, lowest first. */
const ORDER = Uint32Array.from({ length: LIMBS }, (_, limb) =>
  Number((FIELD_ORDER >> BigInt(32 * limb)) & 0xffff_ffffn),
);
const ZERO = new Uint32Array(LIMBS);

/** Values below this in magnitude are multiplied by their own bits alone. */
const SMALL = 2 ** 32;

/**
 * The signed integer that a field element stands for, if it is below 2^32 in magnitude: as `value`, or as
 * `value - FIELD_ORDER`. Most of a witness is bits and small integers, some of them negative.
 *
 * @param limbs Field elements in limbs of 32 bits, lowest first.
 */
export function smallValue(limbs: Uint32Array, index: number): number | undefined {
  const start = index * LIMBS;
  const [lowest = 0, second = 0] = [limbs[start], limbs[start + 1]];
  if (hasUpperLimbs(limbs, start, ZERO)) return second === 0 ? lowest : undefined;
  if (!hasUpperLimbs(limbs, start, ORDER)) return undefined;
  // Inexact only where it is far above the limit.
  const below = ((ORDER[1] ?? 0) - second) * 2 ** 32 + ((ORDER[0] ?? 0) - lowest);
  return below < SMALL ? -below : undefined;
}

/** Whether all limbs above the lowest two are those of `wanted`. */
function hasUpperLimbs(limbs: Uint32Array, start: number, wanted: Uint32Array): boolean {
  for (let limb = 2; limb < LIMBS; limb++) {
    if (limbs[start + limb] !== wanted[limb]) return false;
  }
  return true;
}
