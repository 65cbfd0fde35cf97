import { bn254 } from "@noble/curves/bn254.js";
import type { Groth16VerificationKey } from "snarkjs";
import { at } from "../arrays.ts";
import { FIELD_ORDER } from "../circuit/field.ts";
import { encodeKeyDelta, encodeKeySetup } from "./encoding.ts";

/*
 * The check of `Groth16.verify` of the contracts, in a library that shares no code with the prover: what this accepts, the
 * chain accepts.
 */

const { G1, G2, fields } = bn254;
type G1Point = InstanceType<typeof G1.Point>;
type G2Point = InstanceType<typeof G2.Point>;

const COORDINATE_BYTES = 32;
const G1_BYTES = 2 * COORDINATE_BYTES;
const G2_BYTES = 4 * COORDINATE_BYTES;

/**
 * Whether `proof` (`A ‖ B ‖ C`, as `encodeProof` writes it) proves the statement with these public inputs under the key:
 * e(-A, B) · e(α, β) · e(IC[0] + Σ x[i] · IC[i], γ) · e(C, δ) = 1. False for any malformed proof or input.
 */
export function checkGroth16(
  verificationKey: Groth16VerificationKey,
  publicInputs: readonly bigint[],
  proof: Uint8Array,
): boolean {
  if (proof.length !== 2 * G1_BYTES + G2_BYTES) return false;
  if (publicInputs.some((input) => input < 0n || input >= FIELD_ORDER)) return false;
  try {
    const key = readKey(verificationKey);
    const sum = publicInputs.reduce(
      (total, input, i) => total.add(at(key.ic, i + 1).multiplyUnsafe(input)),
      at(key.ic, 0),
    );
    return productIsOne([
      { g1: readG1(proof, 0).negate(), g2: readG2(proof, G1_BYTES) },
      { g1: key.alpha, g2: key.beta },
      { g1: sum, g2: key.gamma },
      { g1: readG1(proof, G1_BYTES + G2_BYTES), g2: key.delta },
    ]);
  } catch {
    // The library throws for a point off its curve or outside the subgroup; the precompiles fail.
    return false;
  }
}

function readKey(key: Groth16VerificationKey) {
  const setup = encodeKeySetup(key);
  const ic = key.IC.map((_, i) => readG1(setup, G1_BYTES + 2 * G2_BYTES + i * G1_BYTES));
  return {
    alpha: readG1(setup, 0),
    beta: readG2(setup, G1_BYTES),
    gamma: readG2(setup, G1_BYTES + G2_BYTES),
    delta: readG2(encodeKeyDelta(key), 0),
    ic,
  };
}

interface Pair {
  readonly g1: G1Point;
  readonly g2: G2Point;
}

/** Pairs with a point at infinity give one, as in EIP-197; the library does not take them. */
function productIsOne(pairs: readonly Pair[]): boolean {
  const finite = pairs.filter(({ g1, g2 }) => !g1.is0() && !g2.is0());
  return fields.Fp12.eql(bn254.pairingBatch([...finite]), fields.Fp12.ONE);
}

function readG1(bytes: Uint8Array, offset: number): G1Point {
  const point = G1.Point.fromAffine({
    x: readCoordinate(bytes, offset),
    y: readCoordinate(bytes, offset + COORDINATE_BYTES),
  });
  point.assertValidity();
  return point;
}

/** EIP-197 writes the imaginary part first. */
function readG2(bytes: Uint8Array, offset: number): G2Point {
  const [x1, x0, y1, y0] = [0, 1, 2, 3].map((i) =>
    readCoordinate(bytes, offset + i * COORDINATE_BYTES),
  ) as [bigint, bigint, bigint, bigint];
  const point = G2.Point.fromAffine({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } });
  point.assertValidity();
  return point;
}

function readCoordinate(bytes: Uint8Array, offset: number): bigint {
  const hex = Buffer.from(bytes.subarray(offset, offset + COORDINATE_BYTES)).toString("hex");
  return BigInt(`0x${hex}`);
}
