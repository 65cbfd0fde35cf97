import { expect } from "chai";
import fc from "fast-check";
import { computeAddress, hexlify, recoverAddress, Signature, SigningKey, Wallet } from "ethers";
import { DigestKey } from "./digest-key.ts";
import { nativeSecp256k1 } from "./native-secp256k1.ts";

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((it) => hexlify(it));

describe("key for digests", () => {
  const wallet = Wallet.createRandom();

  for (const [name, native] of [
    ["with libsecp256k1", nativeSecp256k1],
    ["without", null],
  ] as const)
    it(`signs what ethers signs, ${name}`, function () {
      // Where there is no build for the machine, ethers is what signs.
      if (name === "with libsecp256k1" && native === null) this.skip();
      const key = new DigestKey(wallet.signingKey, native);
      fc.assert(
        fc.property(bytes32, (digest) => {
          const signature = key.sign(digest);
          expect(signature).to.equal(wallet.signingKey.sign(digest).compactSerialized);
          expect(recoverAddress(digest, Signature.from(signature))).to.equal(wallet.address);
        }),
        { numRuns: 50 },
      );
    });

  it("signs every digest, also with the least key", () => {
    const least = new SigningKey(`0x${"1".padStart(64, "0")}`);
    for (const byte of ["00", "ff"]) {
      const digest = `0x${byte.repeat(32)}`;
      const signature = new DigestKey(least).sign(digest);
      expect(signature).to.equal(new DigestKey(least).sign(digest));
      const signer = recoverAddress(digest, Signature.from(signature));
      expect(signer).to.equal(computeAddress(least));
    }
  });

  it("signs nothing that is no digest", () => {
    expect(() => new DigestKey(wallet.signingKey).sign(`0x${"00".repeat(31)}`)).to.throw();
  });
});
