import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { p384 } from "@noble/curves/nist.js";
import { sha384 } from "@noble/hashes/sha2.js";
import { hexlify, keccak256, toBeHex } from "ethers";
import { z } from "zod";
import { bytesOf } from "../../../sdk/p384-format.ts";
import type { P384Statement } from "../../../sdk/p384-hints.ts";

const { Fn, BASE } = p384.Point;

/** A statement and whether it is true. */
export interface P384Vector extends P384Statement {
  readonly name: string;
  readonly isValid: boolean;
}

const wycheproofSchema = z.object({
  testGroups: z.array(
    z.object({
      publicKey: z.object({ uncompressed: z.string() }),
      tests: z.array(
        z.object({
          tcId: z.number(),
          comment: z.string(),
          msg: z.string(),
          sig: z.string(),
          result: z.enum(["valid", "invalid"]),
        }),
      ),
    }),
  ),
});

const realSchema = z.array(
  z.object({
    doc: z.string(),
    name: z.string(),
    sha384: z.string(),
    r: z.string(),
    s: z.string(),
    pubkey: z.string(),
    valid: z.boolean(),
  }),
);

/** All Wycheproof cases of the folder, or none without it. */
export function wycheproof(): P384Vector[] {
  const json = vectorFile("wycheproof_ecdsa_secp384r1_sha384_p1363.json");
  if (json === undefined) return [];
  return wycheproofSchema.parse(json).testGroups.flatMap(({ publicKey, tests }) =>
    tests.map(({ tcId, comment, msg, sig, result }) => ({
      name: `${tcId}: ${comment}`,
      digest: digestOf(Buffer.from(msg, "hex")),
      signature: `0x${sig}`,
      // Behind the 04 of an uncompressed point.
      key: `0x${publicKey.uncompressed.slice(2)}`,
      isValid: result === "valid",
    })),
  );
}

/** Signatures of real AWS documents in the folder, or none without it. */
export function realSignatures(): P384Vector[] {
  const json = vectorFile("nitro_signatures.json");
  if (json === undefined) return [];
  return realSchema.parse(json).map(({ doc, name, valid, r, s, pubkey, ...rest }) => ({
    name: `${doc}, ${name}`,
    digest: `0x${rest.sha384}`,
    signature: `0x${r}${s}`,
    key: `0x${pubkey}`,
    isValid: valid,
  }));
}

function vectorFile(name: string): unknown {
  const { VECTORS_DIR } = process.env;
  if (VECTORS_DIR === undefined) return undefined;
  return JSON.parse(readFileSync(path.join(VECTORS_DIR, "attestation/p384", name), "utf8"));
}

/** A signature by a key that the seed tells, the same in every run. */
export function signedStatement(seed: number): P384Statement {
  const [key, nonce] = [scalarOf(`key ${seed}`), scalarOf(`nonce ${seed}`)];
  const digest = digestOf(Buffer.from(`message ${seed}`));
  return sign({ key, nonce, digest });
}

/** ECDSA with a chosen nonce; both s and n − s are valid, and none is preferred. */
export function sign({ key, nonce, digest }: { key: bigint; nonce: bigint; digest: string }) {
  const r = Fn.create(BASE.multiply(nonce).toAffine().x);
  const s = Fn.mul(Fn.inv(nonce), Fn.create(BigInt(digest) + r * key));
  const point = BASE.multiply(key).toAffine();
  return { digest, signature: pair(r, s), key: pair(point.x, point.y) };
}

/** Two numbers of 48 bytes. */
export function pair(first: bigint, second: bigint): string {
  return hexlify(Buffer.concat([bytesOf(first, 48), bytesOf(second, 48)]));
}

/** SHA-384, as hexadecimal. */
export function digestOf(message: Uint8Array): string {
  return hexlify(sha384(message));
}

/** Whether @noble/curves takes the signature. */
export function isValidForNoble({ digest, signature, key }: P384Statement): boolean {
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.slice(2), "hex"));
  try {
    const options = { prehash: false, lowS: false };
    return p384.verify(bytes(signature), bytes(digest), bytes(`0x04${key.slice(2)}`), options);
  } catch {
    return false;
  }
}

/** A scalar from a seed: 48 bytes of hashes. */
function scalarOf(seed: string): bigint {
  const hash = keccak256(Buffer.from(seed));
  return Fn.create(BigInt(`${hash}${keccak256(hash).slice(2, 34)}`)) || 1n;
}

/** The hexadecimal bytes with one bit turned. */
export function withBit(hex: string, bit: number): string {
  const size = (hex.length - 2) / 2;
  const turned = BigInt(hex) ^ (1n << BigInt(8 * size - 1 - bit));
  return toBeHex(turned, size);
}
