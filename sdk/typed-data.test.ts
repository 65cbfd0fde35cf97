import { AbiCoder, keccak256, TypedDataEncoder, Wallet, ZeroHash } from "ethers";
import { expect } from "chai";
import fc from "fast-check";
import { channelId } from "./channel.ts";
import { receiptDomain } from "./receipt-domain.ts";
import { structHasher } from "./typed-data.ts";

const TYPES = {
  Thing: [
    { name: "hash", type: "bytes32" },
    { name: "owner", type: "address" },
    { name: "small", type: "uint8" },
    { name: "large", type: "uint256" },
  ],
};

interface Thing {
  readonly hash: string;
  readonly owner: string;
  readonly small: bigint;
  readonly large: bigint;
}

const { address } = Wallet.createRandom();
const word = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((it) => `0x${Buffer.from(it).toString("hex")}`);
const thing = fc.record({
  hash: word,
  owner: fc.constantFrom(address, address.toLowerCase(), `0x${"00".repeat(20)}`),
  small: fc.oneof(fc.constantFrom(0n, 255n), fc.bigInt(0n, 255n)),
  large: fc.oneof(fc.constantFrom(0n, 2n ** 256n - 1n), fc.bigInt(0n, 2n ** 256n - 1n)),
});
const plain: Thing = { hash: ZeroHash, owner: address, small: 1n, large: 2n };

describe("typed data", () => {
  const hasher = structHasher<Thing>(TYPES);

  it("is hashed as ethers hashes it", () => {
    fc.assert(
      fc.property(thing, fc.bigInt(1n, 2n ** 64n), (value, chainId) => {
        const settlement = { chainId, settledBy: address };
        const domain = receiptDomain(settlement);
        expect(hasher.structHash(value)).to.equal(TypedDataEncoder.from(TYPES).hash(value));
        expect(hasher.digest(settlement, value)).to.equal(
          TypedDataEncoder.hash(domain, TYPES, value),
        );
      }),
    );
  });

  for (const [what, wrong] of Object.entries({
    "a number beyond its type": { small: 256n },
    "a negative number": { large: -1n },
    "a number of 257 bits": { large: 2n ** 256n },
    "a hash that is too short": { hash: `0x${"00".repeat(31)}` },
    "a hash with what is no digit": { hash: `0x${"0g".repeat(32)}` },
    "an address with a wrong checksum": { owner: address.replace(/[a-fA-F]/g, swapCase) },
    "an address that is too long": { owner: `${address}00` },
  }))
    it(`hashes nothing with ${what}`, () => {
      expect(() => hasher.structHash({ ...plain, ...wrong })).to.throw();
    });

  it("hashes no types of which a member is not one word", () => {
    const types = { Text: [{ name: "text", type: "string" }] };
    expect(() => structHasher(types)).to.throw("ethers");
  });
});

describe("a channel's id", () => {
  it("is the hash of its terms as the ABI lays them out", () => {
    const types = ["address", "address", "uint96"];
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 96n - 1n), (salt) => {
        const [payer, node] = [address, `0x${"ab".repeat(20)}`];
        const packed = AbiCoder.defaultAbiCoder().encode(types, [payer, node, salt]);
        expect(channelId({ payer, node, salt })).to.equal(keccak256(packed));
      }),
    );
    expect(() => channelId({ payer: address, node: address, salt: 2n ** 96n })).to.throw();
    expect(() => channelId({ payer: address, node: "0x12", salt: 0n })).to.throw();
  });
});

function swapCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}
