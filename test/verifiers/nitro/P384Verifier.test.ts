import process from "node:process";
import { p384 } from "@noble/curves/nist.js";
import { expect } from "chai";
import { concat, dataLength, dataSlice, toBeHex } from "ethers";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { p384Hints, type P384Statement } from "../../../sdk/p384-hints.ts";
import { p384Table } from "../../../sdk/p384-table.ts";
import { at } from "../../../zkml/arrays.ts";
import { seededRandom } from "../../../zkml/random.ts";
import { ethers, loadFixture } from "../../fixtures/network.ts";
import {
  digestOf,
  isValidForNoble,
  pair,
  realSignatures,
  sign,
  signedStatement,
  withBit,
  wycheproof,
  type P384Vector,
} from "./p384-vectors.ts";

const { Point } = p384;
const { Fn, Fp, BASE } = Point;

/** What IP384Verifier promises: no call takes more, whatever its bytes are. */
const GAS_BOUND = 1_660_000n;

/** Keys that are compared with @noble/curves, and as many bits turned. */
const RANDOM_KEYS = Number(process.env.P384_KEYS ?? 8);

const LAST_48_BYTES = (1n << 384n) - 1n;

describe("P384Verifier", () => {
  async function fixture() {
    return { verifier: await ethers.deployContract("P384Verifier", [p384Table()]) };
  }

  async function verify({ digest, signature, key }: P384Statement, hints: string) {
    const { verifier } = await loadFixture(fixture);
    return verifier.verify(digest, signature, key, hints);
  }

  /** Hints of a true statement; of any other those of another one, which must not make it pass. */
  function hintsOrOthers(statement: P384Statement): string {
    try {
      return p384Hints(statement);
    } catch (error) {
      if (!(error instanceof OpenGradientError)) throw error;
      return p384Hints(signedStatement(1));
    }
  }

  async function expectVerdicts(vectors: readonly P384Vector[]): Promise<void> {
    for (const vector of vectors) {
      const verdict = await verify(vector, hintsOrOthers(vector));
      expect(verdict, vector.name).to.equal(vector.isValid);
    }
  }

  it("is deployed with its own table only", async () => {
    const { verifier } = await loadFixture(fixture);
    const other = withBit(p384Table(), 5_000);
    await expect(ethers.deployContract("P384Verifier", [other])).to.be.revertedWithCustomError(
      verifier,
      "P384VerifierWrongTable",
    );
    const code = await ethers.provider.getCode(await verifier.table());
    expect(code).to.equal(concat(["0x00", p384Table()]));
  });

  it("gives all Wycheproof cases their verdict", async function () {
    const cases = wycheproof();
    if (cases.length === 0) this.skip();
    expect(cases).to.have.lengthOf(280);
    await expectVerdicts(cases);
  });

  it("takes the signatures of real AWS documents, and none with a bit turned", async function () {
    const signatures = realSignatures();
    if (signatures.length === 0) this.skip();
    await expectVerdicts(signatures);
    for (const [index, statement] of signatures.entries()) {
      const digest = withBit(statement.digest, 11 * index);
      expect(await verify({ ...statement, digest }, p384Hints(statement))).to.equal(false);
    }
  });

  it("agrees with @noble/curves on random keys and turned bits", async () => {
    const random = seededRandom(7);
    for (let seed = 0; seed < RANDOM_KEYS; seed++) {
      const statement = signedStatement(seed);
      const hints = p384Hints(statement);
      expect(isValidForNoble(statement), `noble, key ${seed}`).to.equal(true);
      expect(await verify(statement, hints), `key ${seed}`).to.equal(true);
      const bit = Math.floor(random() * 384);
      const bent = { ...statement, digest: withBit(statement.digest, bit) };
      expect(isValidForNoble(bent), `noble, key ${seed}, bit ${bit}`).to.equal(false);
      expect(await verify(bent, hints), `key ${seed}, bit ${bit}`).to.equal(false);
      expect(await verify(bent, rescaled(bent, hints)), `key ${seed}, own c`).to.equal(false);
    }
  });

  it("takes both s and n - s", async () => {
    const statement = signedStatement(3);
    const [r, s] = [dataSlice(statement.signature, 0, 48), dataSlice(statement.signature, 48)];
    const twin = { ...statement, signature: pair(BigInt(r), Fn.neg(BigInt(s))) };
    expect(await verify(twin, p384Hints(twin))).to.equal(true);
  });

  it("takes any digest, also zero, n and above n", async () => {
    for (const value of [0n, 1n, Fn.ORDER - 1n, Fn.ORDER, Fn.ORDER + 1n, LAST_48_BYTES]) {
      const digest = toBeHex(value, 48);
      const statement = sign({ key: 5n ** 100n, nonce: 7n ** 100n, digest });
      expect(await verify(statement, p384Hints(statement)), digest).to.equal(true);
    }
  });

  it("takes r = x - n where the x of R is n or more, and the smallest and largest s", async () => {
    let count = 0;
    for (let x = Fn.ORDER + 1n; count < 3; x++) {
      const point = pointAt(x);
      if (point === undefined) continue;
      count++;
      for (const s of [1n, Fn.ORDER - 1n, 3n ** 200n]) {
        const statement = recovered(point, s, digestOf(new Uint8Array(1)));
        const hints = p384Hints(statement);
        expect(isValidForNoble(statement), `noble, x = n + ${x - Fn.ORDER}`).to.equal(true);
        expect(await verify(statement, hints), `x = n + ${x - Fn.ORDER}`).to.equal(true);
        expect(await verify(statement, flagged(hints, 2)), "as if x were r").to.equal(false);
        const above = { ...statement, signature: pair(x, s) };
        expect(await verify(above, flagged(hints, 2)), "r of n or more").to.equal(false);
      }
    }
  });

  it("refuses r + n for a small r, and r above p - n", async () => {
    const statement = signedStatement(4);
    const hints = p384Hints(statement);
    expect(await verify(statement, flagged(hints, 2))).to.equal(false);
  });

  it("refuses hints with any bit turned", async () => {
    const statement = signedStatement(1);
    const hints = p384Hints(statement);
    expect(await verify(statement, hints)).to.equal(true);
    for (let byte = 0; byte < dataLength(hints); byte++) {
      const bent = withBit(hints, 8 * byte + (byte % 8));
      expect(await verify(statement, bent), `byte ${byte}`).to.equal(false);
    }
    for (let bit = 0; bit < 8; bit++) {
      expect(await verify(statement, withBit(hints, bit)), `flag ${bit}`).to.equal(false);
    }
  });

  it("refuses every number of the hints replaced by zero, one, n, p or the largest", async () => {
    const statement = signedStatement(1);
    const hints = p384Hints(statement);
    for (const [offset, length] of hintNumbers()) {
      for (const value of [0n, 1n, Fn.ORDER, Fp.ORDER, LAST_48_BYTES]) {
        const number = toBeHex(value & ((1n << BigInt(8 * length)) - 1n), length);
        const bent = spliced(hints, offset, number);
        expect(await verify(statement, bent), `${value} at ${offset}`).to.equal(false);
      }
    }
  });

  it("refuses scalars of zero, and R and key turned upside down", async () => {
    const statement = signedStatement(1);
    const hints = p384Hints(statement);
    const zeros = spliced(hints, 1, toBeHex(0n, 96));
    expect(await verify(statement, zeros)).to.equal(false);
    const y = BigInt(dataSlice(hints, 97, 145));
    expect(await verify(statement, spliced(hints, 97, toBeHex(Fp.neg(y), 48)))).to.equal(false);
    const [x, keyY] = [dataSlice(statement.key, 0, 48), dataSlice(statement.key, 48)];
    const key = pair(BigInt(x), Fp.neg(BigInt(keyY)));
    expect(await verify({ ...statement, key }, hints)).to.equal(false);
  });

  it("refuses a statement with any bit turned", async () => {
    const statement = signedStatement(2);
    const hints = p384Hints(statement);
    for (const part of ["digest", "signature", "key"] as const) {
      for (let byte = 0; byte < dataLength(statement[part]); byte++) {
        const bent = { ...statement, [part]: withBit(statement[part], 8 * byte + (byte % 8)) };
        expect(await verify(bent, hints), `${part}, byte ${byte}`).to.equal(false);
      }
    }
  });

  it("refuses r, s and coordinates at the edges", async () => {
    const statement = signedStatement(2);
    const hints = p384Hints(statement);
    const edges = [0n, Fn.ORDER, Fn.ORDER + 1n, Fp.ORDER, Fp.ORDER + 1n, LAST_48_BYTES];
    for (const part of ["signature", "key"] as const) {
      const [first, second] = [dataSlice(statement[part], 0, 48), dataSlice(statement[part], 48)];
      for (const edge of edges) {
        const halves = [pair(edge, BigInt(second)), pair(BigInt(first), edge), pair(edge, edge)];
        for (const bent of halves) {
          expect(await verify({ ...statement, [part]: bent }, hints), bent).to.equal(false);
        }
      }
    }
  });

  it("refuses s + n, and a coordinate of the key with p added", async () => {
    const digest = digestOf(new Uint8Array(2));
    const point = BASE.multiply(11n ** 90n);
    const statement = recovered(point, 9n, digest);
    const [r] = [dataSlice(statement.signature, 0, 48)];
    const large = { ...statement, signature: pair(BigInt(r), 9n + Fn.ORDER) };
    expect(await verify(large, p384Hints(statement))).to.equal(false);

    // A key whose x is small enough for x + p to fit 48 bytes; the signature is for it: R = (h·G + r·Q) / s.
    const key = smallKey();
    const { x, y } = key.toAffine();
    const signed = signatureFor(key);
    expect(await verify(signed, p384Hints(signed)), "x").to.equal(true);
    const aliased = { ...signed, key: pair(x + Fp.ORDER, y) };
    expect(await verify(aliased, p384Hints(signed)), "x + p").to.equal(false);
  });

  it("refuses parts of another length", async () => {
    const { verifier } = await loadFixture(fixture);
    const { digest, signature, key } = signedStatement(2);
    const parts = [digest, signature, key, p384Hints({ digest, signature, key })] as const;
    for (const index of parts.keys()) {
      const part = at(parts, index);
      for (const bent of ["0x", dataSlice(part, 1), concat([part, "0x00"]), concat([part, part])]) {
        const [d = "", s = "", k = "", h = ""] = parts.map((own, i) => (i === index ? bent : own));
        expect(await verifier.verify(d, s, k, h), `part ${index}`).to.equal(false);
      }
    }
  });

  it("takes no more gas than it promises where every digit there can be is there", async () => {
    const { verifier } = await loadFixture(fixture);
    const [sender] = await ethers.getSigners();
    const { statement, hints } = densest();
    expect(await verify(statement, hints)).to.equal(false);
    const { digest, signature, key } = statement;
    const data = verifier.interface.encodeFunctionData("verify", [digest, signature, key, hints]);
    const sent = await at([sender], 0)?.sendTransaction({ to: verifier, data });
    const receipt = await sent?.wait();
    expect(receipt?.gasUsed).to.be.at.most(GAS_BOUND);
    // Would be far less, had a check before the sum refused it.
    expect(receipt?.gasUsed).to.be.at.least(1_500_000n);
  });

  it("has no hints for a signature that is not valid", () => {
    const statement = signedStatement(1);
    const { signature, key } = signedStatement(2);
    const cases = [
      { ...statement, signature },
      { ...statement, key },
      { ...statement, key: dataSlice(key, 1) },
      { ...statement, key: pair(1n, 1n) },
      { ...statement, signature: pair(0n, 1n) },
    ];
    for (const wrong of cases) {
      expect(() => p384Hints(wrong))
        .to.throw(OpenGradientError)
        .with.property("code", "SIGNATURE_INVALID");
    }
  });
});

/** The same hints with c made for another digest: every check of scalars passes, the sum is another point. */
function rescaled({ digest, signature }: P384Statement, hints: string): string {
  const a = BigInt(dataSlice(hints, 1, 25));
  const s = BigInt(dataSlice(signature, 48));
  const c = Fn.neg(Fn.mul(Fn.create(a * BigInt(digest)), Fn.inv(s)));
  return spliced(hints, 49, toBeHex(c, 48));
}

/** A statement that passes every check but the last, with digits at every place where one can be. */
function densest() {
  const own = signedStatement(5);
  const ownHints = p384Hints(own);
  const r = BigInt(dataSlice(own.signature, 0, 48));
  // Digits of −1 in every window under a carry: 39 of a and b each, 22 and 25 of the halves of c.
  const spaced = (lowest: number, window: number) => {
    let sum = 1n << 192n;
    for (let bit = lowest; bit < 192; bit += window) sum -= 1n << BigInt(bit);
    return sum;
  };
  const short = spaced(2, 5);
  const c = (spaced(0, 8) << 192n) + spaced(3, 9);
  // a = b: s = r, and h = −c·s/a.
  const h = Fn.neg(Fn.mul(Fn.mul(Fn.create(c), r), Fn.inv(short)));
  const scalars = [toBeHex(1, 1), toBeHex(short, 24), toBeHex(short, 24), toBeHex(c, 48)];
  return {
    statement: { digest: toBeHex(h, 48), signature: pair(r, r), key: own.key },
    hints: concat([...scalars, dataSlice(ownHints, 97)]),
  };
}

/** The one key for which R, s and digest are a signature: Q = (s·R − h·G) / r. */
function recovered(nonce: typeof BASE, s: bigint, digest: string): P384Statement {
  const r = Fn.create(nonce.toAffine().x);
  const h = Fn.create(BigInt(digest));
  const sum = h === 0n ? nonce.multiply(s) : nonce.multiply(s).subtract(BASE.multiply(h));
  const { x, y } = sum.multiply(Fn.inv(r)).toAffine();
  return { digest, signature: pair(r, s), key: pair(x, y) };
}

/** A signature for a key whose secret nobody knows: R = u·G + v·Q, s = r/v, h = u·s. */
function signatureFor(key: typeof BASE): P384Statement {
  const [u, v] = [13n ** 99n, 17n ** 90n];
  const r = Fn.create(BASE.multiply(u).add(key.multiply(v)).toAffine().x);
  const s = Fn.mul(r, Fn.inv(v));
  const { x, y } = key.toAffine();
  return { digest: toBeHex(Fn.mul(u, s), 48), signature: pair(r, s), key: pair(x, y) };
}

/** The first point with x from 2 on. */
function smallKey(): typeof BASE {
  for (let x = 2n; ; x++) {
    const point = pointAt(x);
    if (point !== undefined) return point;
  }
}

function pointAt(x: bigint): typeof BASE | undefined {
  try {
    return Point.fromHex(`02${x.toString(16).padStart(96, "0")}`);
  } catch {
    return undefined;
  }
}

function flagged(hints: string, flag: number): string {
  return spliced(hints, 0, toBeHex(Number(dataSlice(hints, 0, 1)) ^ flag, 1));
}

function spliced(hints: string, offset: number, part: string): string {
  const end = offset + dataLength(part);
  const rest = end < dataLength(hints) ? dataSlice(hints, end) : "0x";
  return concat([dataSlice(hints, 0, offset), part, rest]);
}

/** Where the numbers of the hints are: offset and length. */
function hintNumbers(): (readonly [number, number])[] {
  const large = Array.from({ length: 18 }, (_, i) => [49 + 48 * i, 48] as const);
  return [[1, 24], [25, 24], ...large];
}
