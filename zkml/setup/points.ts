/** Which of BN254's two groups. */
export type Group = "G1" | "G2";

/** Bytes of an affine point in the curve library's own (Montgomery, little-endian) form. */
export const POINT_BYTES: Readonly<Record<Group, number>> = { G1: 64, G2: 128 };
