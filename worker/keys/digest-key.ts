import { getBytes, hexlify, Signature, type SigningKey } from "ethers";
import { nativeSecp256k1, type NativeSecp256k1 } from "./native-secp256k1.ts";

/** In EIP-2098, the highest bit of `s` says which of two points `r` stands for. */
const S_OFFSET = 32;
const PARITY_BIT = 0x80;

/**
 * Signs digests. Signatures are deterministic (RFC 6979) and have a low `s`. With libsecp256k1 and without it they are the same, but for
 * digests beyond the curve's order, of which no hash will ever be one: the two take these into the nonce in different ways.
 */
export class DigestKey {
  readonly #key: SigningKey;
  readonly #secret: Uint8Array;
  readonly #native: NativeSecp256k1 | null;

  /** @param native libsecp256k1, if it is there. */
  constructor(key: SigningKey, native = nativeSecp256k1) {
    this.#key = key;
    this.#secret = getBytes(key.privateKey);
    this.#native = native;
  }

  /** Compact (EIP-2098), 64 bytes. */
  sign(digest: string): string {
    if (this.#native === null) return Signature.from(this.#key.sign(digest)).compactSerialized;
    const { signature, recid } = this.#native.ecdsaSign(getBytes(digest), this.#secret);
    if (recid > 1) throw new Error("the signature has no compact form");
    signature[S_OFFSET] = (signature[S_OFFSET] ?? 0) | (recid === 1 ? PARITY_BIT : 0);
    return hexlify(signature);
  }
}
