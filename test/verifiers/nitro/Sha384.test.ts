import { expect } from "chai";
import { concat, hexlify } from "ethers";
import { seededRandom } from "../../../zkml/random.ts";
import { randomBytes } from "../../../zkml/testing/networks.ts";
import { ethers, loadFixture } from "../../fixtures/network.ts";
import { digestOf } from "./p384-vectors.ts";

/** Of FIPS 180-4's examples: message, digest. */
const NIST_EXAMPLES = [
  [
    "abc",
    "0xcb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ],
  [
    "",
    "0x38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
  ],
  [
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "0x09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039",
  ],
] as const;

describe("Sha384", () => {
  const fixture = () => ethers.deployContract("Sha384Probe");

  it("hashes the examples of the standard", async () => {
    const hasher = await loadFixture(fixture);
    for (const [message, digest] of NIST_EXAMPLES) {
      const [high, low] = await hasher.hash(hexlify(Buffer.from(message)));
      expect(concat([high, low]), message).to.equal(digest);
    }
  });

  it("hashes messages of 0 to 300 bytes as @noble/hashes does, and leaves memory as it was", async () => {
    const hasher = await loadFixture(fixture);
    const random = seededRandom(384);
    for (let length = 0; length <= 300; length++) {
      const message = randomBytes(length, random);
      const [high, low, , isSameAgain] = await hasher.hash(hexlify(message));
      expect(concat([high, low]), `${length} bytes`).to.equal(digestOf(message));
      expect(isSameAgain, `${length} bytes, again`).to.equal(true);
    }
  });

  it("takes blocks of ones and of zeros, whose sums carry the most and the least", async () => {
    const hasher = await loadFixture(fixture);
    for (const fill of [0, 0x7f, 0x80, 0xff]) {
      const message = new Uint8Array(4_096).fill(fill);
      const [high, low] = await hasher.hash(hexlify(message));
      expect(concat([high, low]), `bytes of ${fill}`).to.equal(digestOf(message));
    }
  });
});
