import { expect } from "chai";
import fc from "fast-check";
import { getBytes, hexlify, id, randomBytes, Signature, toBeHex, Wallet } from "ethers";
import { channelDigest, channelId } from "../../sdk/channel.ts";
import type { Deployment } from "../../sdk/deployment.ts";
import { KnownKeys } from "./known-keys.ts";
import { VoucherChecker } from "./voucher-checker.ts";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe("known keys", () => {
  const wallet = new Wallet(id("a payer"));
  const other = new Wallet(id("another"));
  const keys = new KnownKeys();

  const keysInJavaScript = new KnownKeys(null);

  /** Asked of libsecp256k1, and of what stands in for it, which may know the key or not: they must not differ. */
  function verdict(address: string, digest: Uint8Array, signature: string): boolean {
    const asked = [keys, keysInJavaScript, keysInJavaScript, new KnownKeys(null)];
    const verdicts = asked.map((it) => it.isSigned(address, digest, signature));
    expect(new Set(verdicts).size, "known and unknown keys").to.equal(1);
    return verdicts[0] ?? false;
  }

  it("takes what a key signed, in both forms, before and after it is known", () => {
    fc.assert(
      fc.property(bytes32, (digest) => {
        const signature = wallet.signingKey.sign(digest);
        expect(verdict(wallet.address, digest, signature.serialized)).to.equal(true);
        expect(verdict(wallet.address, digest, signature.compactSerialized)).to.equal(true);
        expect(verdict(other.address, digest, signature.compactSerialized)).to.equal(false);
      }),
      { numRuns: 25 },
    );
  });

  it("refuses whatever is changed", () => {
    fc.assert(
      fc.property(bytes32, fc.nat(511), (digest, bit) => {
        const signature = getBytes(wallet.signingKey.sign(digest).compactSerialized);
        const index = bit >> 3;
        signature[index] = (signature[index] ?? 0) ^ (1 << (bit & 7));
        expect(verdict(wallet.address, digest, hexlify(signature))).to.equal(false);
      }),
      { numRuns: 25 },
    );
  });

  it("refuses the other form of a signature, and numbers that are none", () => {
    const digest = randomBytes(32);
    const { r, s, v } = wallet.signingKey.sign(digest);
    const high = toBeHex(ORDER - BigInt(s), 32);
    const turned = v === 27 ? 28 : 27;
    const malleable = `${r}${high.slice(2)}${toBeHex(turned, 1).slice(2)}`;
    expect(verdict(wallet.address, digest, malleable)).to.equal(false);
    const zero = "00".repeat(32);
    for (const bad of [`0x${zero}${zero}`, `${r}${zero}`, `0x${zero}${s.slice(2)}`, "0x12"])
      expect(verdict(wallet.address, digest, bad)).to.equal(false);
    const parity = Signature.from({ r, s, v: turned }).serialized;
    expect(verdict(wallet.address, digest, parity), "the other parity").to.equal(false);
    const order = toBeHex(ORDER, 32);
    expect(verdict(wallet.address, digest, `${order}${s.slice(2)}`)).to.equal(false);
  });

  it("forgets keys that were not used for long, and knows them again", () => {
    const crowded = new KnownKeys(null);
    const digest = getBytes(id("a digest"));
    const sign = (seed: number) => {
      const payer = new Wallet(id(`payer ${seed}`));
      const { serialized } = payer.signingKey.sign(digest);
      return crowded.isSigned(payer.address, digest, serialized);
    };
    const seeds = [...Array.from({ length: 130 }, (_, i) => i), 0, 129];
    expect(seeds.every((seed) => sign(seed))).to.equal(true);
  });

  it("hashes vouchers as the contracts do", async () => {
    const feeEscrow = other.address;
    const deployment = { chainId: 8_453n, addresses: { feeEscrow } } as Deployment;
    const nobody = { call: () => Promise.reject(new Error("nobody is to be asked")) };
    const checker = new VoucherChecker(deployment, nobody);
    const terms = { payer: wallet.address, node: other.address, salt: 7n };
    for (const cumulative of [0n, 1n, (1n << 96n) - 1n]) {
      const voucher = { channelId: channelId(terms), cumulative };
      const digest = channelDigest(deployment, "Voucher", voucher);
      const { serialized } = wallet.signingKey.sign(digest);
      expect(await checker.signerOf(wallet.address, voucher, serialized)).to.equal("key");
    }
  });
});
