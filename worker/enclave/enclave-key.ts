import { secp256k1 } from "@noble/curves/secp256k1.js";
import { computeAddress, concat, getBytes, hexlify, Signature } from "ethers";

/**
 * The key that an enclave signs receipts with. It is made here, at random, and this object is the only place where it ever
 * is: there is no way to read it, to write it down or to bring another.
 */
export class EnclaveKey {
  readonly #secret = secp256k1.utils.randomSecretKey();
  #destroyed = false;
  /** x ‖ y: 64 bytes. */
  readonly publicKey: Uint8Array;
  readonly address: string;

  constructor() {
    // Without the first byte, which says that both coordinates follow.
    this.publicKey = secp256k1.getPublicKey(this.#secret, false).slice(1);
    this.address = computeAddress(concat(["0x04", this.publicKey]));
  }

  /** Signs an EIP-712 digest; the result is compact (EIP-2098, 64 bytes). */
  sign(digest: string): string {
    if (this.#destroyed) throw new Error("The enclave's key was destroyed.");
    const options = { prehash: false, lowS: true, format: "recovered" } as const;
    const signature = secp256k1.sign(getBytes(digest), this.#secret, options);
    // The library puts the recovery bit first, 27 less than Ethereum's.
    const [yParity = 0] = signature;
    const r = hexlify(signature.slice(1, 33));
    const s = hexlify(signature.slice(33));
    return Signature.from({ r, s, yParity: yParity === 0 ? 0 : 1 }).compactSerialized;
  }

  /** Overwrites the key. What the engine copied while it computed is out of reach: this is the best there is. */
  destroy(): void {
    this.#destroyed = true;
    this.#secret.fill(0);
  }
}
