import { randomBytes } from "node:crypto";
import type { Curve, CurveGroup } from "ffjavascript";
import type { Groth16Proof } from "snarkjs";
import { FIELD_ORDER } from "../../circuit/field.ts";
import type { ProvingKey } from "../zkey-file.ts";

/** The sums that depend on the witness, in any coordinates. */
export interface WitnessSums {
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** With the quotient. */
  readonly c: Uint8Array;
}

/** Blinds the sums with fresh randomness and puts them together as snarkjs writes a proof. */
export function assembleProof(
  { G1, G2 }: Pick<Curve, "G1" | "G2">,
  { alphaG1, betaG1, betaG2, deltaG1, deltaG2 }: ProvingKey,
  { a, b1, b2, c, blinding }: WitnessSums & { readonly blinding: Blinding },
): Groth16Proof {
  const { r, s, minusRs } = blinding;
  const piA = sum(G1, [a, alphaG1, G1.timesFr(deltaG1, r)]);
  const piB = sum(G2, [b2, betaG2, G2.timesFr(deltaG2, s)]);
  const piB1 = sum(G1, [b1, betaG1, G1.timesFr(deltaG1, s)]);
  const piC = sum(G1, [c, G1.timesFr(piA, s), G1.timesFr(piB1, r), G1.timesFr(deltaG1, minusRs)]);
  return {
    pi_a: decimals(G1.toObject(G1.toAffine(piA)) as bigint[]),
    pi_b: (G2.toObject(G2.toAffine(piB)) as bigint[][]).map(decimals),
    pi_c: decimals(G1.toObject(G1.toAffine(piC)) as bigint[]),
    protocol: "groth16",
    curve: "bn128",
  };
}

/** What makes two proofs of one statement differ, and hides the witness. */
export interface Blinding {
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  readonly minusRs: Uint8Array;
}

/** Draws blinding factors from the operating system. */
export function drawBlinding({ Fr }: Pick<Curve, "Fr">): Blinding {
  const [r, s] = [drawScalar(), drawScalar()];
  return { r: Fr.e(r), s: Fr.e(s), minusRs: Fr.e(FIELD_ORDER - ((r * s) % FIELD_ORDER)) };
}

/** Twice the field's bytes, so that what is left after the division is even. */
function drawScalar(): bigint {
  return BigInt(`0x${randomBytes(64).toString("hex")}`) % FIELD_ORDER;
}

/** Adds up points, in Jacobian coordinates. */
export function sum(group: CurveGroup, points: readonly Uint8Array[]): Uint8Array {
  return points.reduce((total, point) => group.add(total, point), group.zero);
}

function decimals(coordinates: readonly bigint[]): string[] {
  return coordinates.map(String);
}
