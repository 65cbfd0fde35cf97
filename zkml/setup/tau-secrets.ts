import { hkdfSync, randomBytes } from "node:crypto";
import { FIELD_ORDER } from "../circuit/field.ts";

/** The three secrets behind a Powers of Tau file. Who knows them can forge proofs for every key made from it. */
export interface TauSecrets {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
}

/** Bytes of a seed that secrets are derived from. */
export const SEED_BYTES = 32;

export function drawSecrets(): TauSecrets {
  return deriveSecrets(randomBytes(SEED_BYTES));
}

/** The same for the same seed, by HKDF-SHA-512 (RFC 5869). */
export function deriveSecrets(seed: Uint8Array): TauSecrets {
  const derive = (label: string): bigint =>
    reduce(new Uint8Array(hkdfSync("sha512", seed, "", `development ${label}`, 64)));
  return { tau: derive("tau"), alpha: derive("alpha"), beta: derive("beta") };
}

/** A scalar that nobody else knows. */
export function drawScalar(): bigint {
  return reduce(randomBytes(64));
}

/** Uniform up to a bias of 2⁻²⁵⁸ if 512 bits are. */
function reduce(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`) % FIELD_ORDER;
}
