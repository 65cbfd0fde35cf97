import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { computeAddress, hexlify } from "ethers";
import { nativeSecp256k1, type NativeSecp256k1 } from "../keys/native-secp256k1.ts";

type Point = InstanceType<typeof secp256k1.Point>;

const { Point } = secp256k1;
const { Fn } = Point;

/** Keys with prepared multiples, which take 100 KB each. */
const MAX_KEYS = 128;

/** Bits of a window of prepared multiples: more are hardly faster, and take several times the memory. */
const WINDOW_BITS = 4;

/** Half the order: the contracts take `s` up to here only. */
const MAX_S = Fn.ORDER >> 1n;

/**
 * Checks signatures of accounts that sign often. With libsecp256k1, each is recovered. Without it, the first one gives the account's
 * public key away, by recovery; all others are verified with prepared multiples of that key, in less than half the time.
 */
export class KnownKeys {
  readonly #native: NativeSecp256k1 | null;
  /** By address; the one that was used last comes last. */
  readonly #keys = new Map<string, Point>();

  /** @param native libsecp256k1, if it is there. */
  constructor(native = nativeSecp256k1) {
    this.#native = native;
  }

  /** Whether an account's key signed a digest: 64 bytes (EIP-2098) or 65, in the one form that contracts take. */
  isSigned(address: string, digest: Uint8Array, signature: string): boolean {
    const parts = partsOf(signature);
    if (parts === undefined) return false;
    if (this.#native !== null)
      return recoverNatively(this.#native, digest, parts) === address.toLowerCase();
    const known = this.#keys.get(address);
    if (known !== undefined) {
      this.#keep(address, known);
      return isSignedBy(known, digest, parts);
    }
    const found = recover(digest, parts);
    if (found === undefined || addressOf(found) !== address) return false;
    this.#keep(address, found.precompute(WINDOW_BITS));
    return true;
  }

  #keep(address: string, key: Point): void {
    this.#keys.delete(address);
    this.#keys.set(address, key);
    if (this.#keys.size <= MAX_KEYS) return;
    for (const oldest of this.#keys.keys()) {
      this.#keys.delete(oldest);
      return;
    }
  }
}

interface SignatureParts {
  readonly r: bigint;
  readonly s: bigint;
  readonly yParity: 0 | 1;
}

function partsOf(signature: string): SignatureParts | undefined {
  const bytes = hexToBytes(signature.slice(2));
  const parts = bytes.length === 64 ? compactParts(bytes) : longParts(bytes);
  if (parts === undefined) return undefined;
  const { r, s } = parts;
  return r > 0n && r < Fn.ORDER && s > 0n && s <= MAX_S ? parts : undefined;
}

/** EIP-2098: the highest bit of the second word is the parity. */
function compactParts(bytes: Uint8Array): SignatureParts {
  const word = wordAt(bytes, 32);
  const yParity = word >> 255n === 1n ? 1 : 0;
  return { r: wordAt(bytes, 0), s: word & ((1n << 255n) - 1n), yParity };
}

function longParts(bytes: Uint8Array): SignatureParts | undefined {
  const v = bytes[64];
  if (bytes.length !== 65 || (v !== 27 && v !== 28)) return undefined;
  return { r: wordAt(bytes, 0), s: wordAt(bytes, 32), yParity: v === 28 ? 1 : 0 };
}

function wordAt(bytes: Uint8Array, offset: number): bigint {
  return BigInt(hexlify(bytes.subarray(offset, offset + 32)));
}

/** Address of the key that signed, in lower case; undefined if there is none. */
function recoverNatively(
  { ecdsaRecover }: NativeSecp256k1,
  digest: Uint8Array,
  { r, s, yParity }: SignatureParts,
): string | undefined {
  const signature = hexToBytes(wordOf(r) + wordOf(s));
  try {
    const key = ecdsaRecover(signature, yParity, digest, false);
    return `0x${bytesToHex(keccak(key.subarray(1)).subarray(12))}`;
  } catch {
    // `r` is no point's, or there is no such key.
    return undefined;
  }
}

function wordOf(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

function recover(digest: Uint8Array, { r, s, yParity }: SignatureParts): Point | undefined {
  try {
    const found = new secp256k1.Signature(r, s, yParity).recoverPublicKey(digest);
    return Point.fromBytes(found.toBytes());
  } catch {
    // `r` is no point's, or there is no such key.
    return undefined;
  }
}

/** ECDSA: `(z/s)·G + (r/s)·Q` has `r` as its x. */
function isSignedBy(key: Point, digest: Uint8Array, { r, s, yParity }: SignatureParts): boolean {
  const inverse = Fn.inv(s);
  const hash = Fn.create(wordAt(digest, 0));
  const sum = Point.BASE.multiplyUnsafe(Fn.mul(hash, inverse)).add(
    key.multiplyUnsafe(Fn.mul(r, inverse)),
  );
  if (sum.is0()) return false;
  const { x, y } = sum.toAffine();
  // Recovery tells the two points of one x apart, and so must this, or a signature would be good here and not on chain.
  return Fn.create(x) === r && (y & 1n) === BigInt(yParity) && x < Fn.ORDER;
}

function addressOf(key: Point): string {
  return computeAddress(hexlify(key.toBytes(true)));
}

/** keccak256, for digests. */
export function keccak(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = keccak_256.create();
  for (const part of parts) hash.update(part);
  return hash.digest();
}
