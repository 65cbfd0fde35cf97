import { createHash, type Hash } from "node:crypto";
import { ChaCha, type Curve } from "ffjavascript";
import { viewOf } from "./sections.ts";

/** What a contributor did to the key's `δ`, which was 1 before. Points are affine in the curve library's own form. */
export interface FirstContribution {
  /** snarkjs' hash of the key before. */
  readonly circuit: Uint8Array;
  readonly name: string;
  readonly delta: bigint;
  /** `δ` in G1. */
  readonly deltaG1: Uint8Array;
  /** A random point, and `δ` times it: they prove that the contributor knew `δ`. */
  readonly point: Uint8Array;
  readonly multiple: Uint8Array;
}

const HASH_BYTES = 64;
const RANDOM_CONTRIBUTION = 0;
const NAME_PARAMETER = 1;

/**
 * The section of a `.zkey` file with one contribution, as snarkjs' `zkey contribute` writes it: a proof of knowledge of
 * `δ`, whose point in G2 is drawn by a hash of everything else.
 */
export function encodeFirstContribution(
  { G1, G2, Fr }: Curve,
  { circuit, name, delta, deltaG1, point, multiple }: FirstContribution,
): Uint8Array {
  const uncompressed = (bytes: Uint8Array): Uint8Array =>
    G1.toUncompressed(G1.fromRprLEM(bytes, 0));
  const hash = createHash("blake2b512").update(circuit);
  const transcript = digest(hash.update(uncompressed(point)).update(uncompressed(multiple)));
  const challenge = G2.fromRng(new ChaCha(seedOf(transcript)));
  const answer = G2.toAffine(G2.timesFr(challenge, Fr.e(delta)));
  const parameters = encodeName(name);
  return Buffer.concat([
    circuit,
    uint32(1),
    deltaG1,
    point,
    multiple,
    answer,
    transcript,
    uint32(RANDOM_CONTRIBUTION),
    uint32(parameters.length),
    parameters,
  ]);
}

function digest(hash: Hash): Uint8Array {
  return new Uint8Array(hash.digest());
}

/** The first 32 bytes of a hash as eight big-endian numbers. */
function seedOf(transcript: Uint8Array): number[] {
  const view = viewOf(transcript);
  return Array.from({ length: HASH_BYTES / 8 }, (_, i) => view.getUint32(4 * i));
}

function encodeName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name.substring(0, 64));
  return Uint8Array.of(NAME_PARAMETER, bytes.length, ...bytes);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, true);
  return bytes;
}
