import { concatBytes } from "@noble/hashes/utils.js";
import type { G1Point, G2Point, Groth16Proof, Groth16VerificationKey } from "snarkjs";
import { at } from "../arrays.ts";
import { toBytes, toBytes32 } from "../circuit/packed-words.ts";

/*
 * Points as EIP-196 and EIP-197 write them, which is what the contracts store and read: big-endian coordinates, and for
 * G2 the imaginary part first.
 */

/** `α ‖ β ‖ γ ‖ IC[0] ‖ … ‖ IC[n]`: what all keys of one Powers of Tau file and domain size share. */
export function encodeKeySetup(key: Groth16VerificationKey): Uint8Array {
  return concatBytes(
    encodeG1(key.vk_alpha_1),
    encodeG2(key.vk_beta_2),
    encodeG2(key.vk_gamma_2),
    ...key.IC.map(encodeG1),
  );
}

/** `δ`: what tells one model's key from another's. */
export function encodeKeyDelta(key: Groth16VerificationKey): Uint8Array {
  return encodeG2(key.vk_delta_2);
}

/** `A ‖ B ‖ C`. */
export function encodeProof(proof: Groth16Proof): Uint8Array {
  return concatBytes(encodeG1(proof.pi_a), encodeG2(proof.pi_b), encodeG1(proof.pi_c));
}

/** What names the model inside the evidence; 0x-prefixed hex. */
export interface ModelParts {
  /** 32 bytes: `keccak256(abi.encode(publisher, contentHash))`. */
  readonly origin: string;
  /** 20 bytes: address of the registered verification key. */
  readonly key: string;
}

/** How answers share one proof; sizes in bytes, of what the chain sees of one inference. */
export interface Sharing {
  readonly inputSize: number;
  readonly outputSize: number;
  /** That the proof carries. */
  readonly inferences: number;
}

interface EvidenceContent {
  readonly commitment: bigint;
  readonly proof: Groth16Proof;
  /** Of each answer, as the chain sees it. */
  readonly inputs: readonly Uint8Array[];
  readonly sharing?: Sharing | undefined;
}

/**
 * Evidence of the Proven tier, as `ProvenVerifier` reads it: `origin ‖ key ‖ c ‖ proof ‖ input`. Of a shared proof, as
 * `SharedProofVerifier` does: `origin ‖ key ‖ input size ‖ output size ‖ inferences ‖ c ‖ proof ‖ inputs`.
 */
export function encodeEvidence(
  { origin, key }: ModelParts,
  { commitment, proof, inputs, sharing }: EvidenceContent,
): Uint8Array {
  return concatBytes(
    toBytes(BigInt(origin), 32),
    toBytes(BigInt(key), 20),
    ...(sharing === undefined ? [] : encodeSharing(sharing)),
    toBytes32(commitment),
    encodeProof(proof),
    ...inputs,
  );
}

function encodeSharing({ inputSize, outputSize, inferences }: Sharing): Uint8Array[] {
  return [
    toBytes(BigInt(inputSize), 4),
    toBytes(BigInt(outputSize), 4),
    toBytes(BigInt(inferences), 2),
  ];
}

function encodeG1(point: G1Point): Uint8Array {
  return concatBytes(encodeCoordinate(point, 0), encodeCoordinate(point, 1));
}

function encodeG2(point: G2Point): Uint8Array {
  const [x, y] = [at(point, 0), at(point, 1)];
  return concatBytes(
    encodeCoordinate(x, 1),
    encodeCoordinate(x, 0),
    encodeCoordinate(y, 1),
    encodeCoordinate(y, 0),
  );
}

function encodeCoordinate(coordinates: readonly string[], index: number): Uint8Array {
  return toBytes32(BigInt(at(coordinates, index)));
}
