import { p384 } from "@noble/curves/nist.js";
import { expect } from "chai";
import { p384Table } from "../../../sdk/p384-table.ts";
import { ethers, loadFixture } from "../../fixtures/network.ts";
import { doubled, forge, forgeLastDoubling, forgeUnrelatedScalars } from "./p384-forgeries.ts";
import { isValidForNoble } from "./p384-vectors.ts";

const { BASE, Fn } = p384.Point;

/*
 * Statements that a prover shapes so that one check alone stands between it and a verdict of true. In most the digest is zero,
 * so that c is too, and R = 2Q: the sum has two or three digits.
 */
describe("P384Verifier against a prover that chooses everything", () => {
  const key = BASE.multiply(19n ** 80n).toAffine();
  const nonce = doubled(key);
  const r = Fn.create(nonce.x);

  async function verify({ statement, hints }: ReturnType<typeof forge>): Promise<boolean> {
    const verifier = await loadFixture(fixture);
    const { digest, signature, key: publicKey } = statement;
    return verifier.verify(digest, signature, publicKey, hints);
  }

  async function expectRefused(forgery: ReturnType<typeof forge>, what: string): Promise<void> {
    expect(isValidForNoble(forgery.statement), `noble, ${what}`).to.equal(false);
    expect(await verify(forgery), what).to.equal(false);
  }

  it("takes the true one: R - 2Q", async () => {
    const honest = forge({ nonce, key, a: 1n, b: 2n, s: Fn.div(r, 2n) });
    expect(isValidForNoble(honest.statement)).to.equal(true);
    expect(await verify(honest)).to.equal(true);
  });

  it("refuses a wrong slope even where nothing uses its point", async () => {
    for (let index = 0; index < 16; index++) {
      const bend = new Map([[index, 1n]]);
      const bent = forge({ nonce, key, a: 1n, b: 2n, s: Fn.div(r, 2n), bend });
      expect(await verify(bent), `slope ${index}`).to.equal(false);
    }
  });

  it("refuses points off the curve, for which the sum is zero all the same", async () => {
    const offCurve = { x: key.x, y: key.y + 1n };
    const double = doubled(offCurve);
    const s = Fn.div(Fn.create(double.x), 2n);
    await expectRefused(forge({ nonce: double, key: offCurve, a: 1n, b: 2n, s }), "both");
  });

  it("refuses a sum that is zero before its last digit", async () => {
    // 2^10·R - 2^11·Q is zero; R is left.
    const a = 2n ** 10n + 1n;
    const s = Fn.div(Fn.mul(a, r), 2n ** 11n);
    await expectRefused(forge({ nonce, key, a, b: 2n ** 11n, s }), "R is left");
  });

  it("refuses a last digit that doubles", async () => {
    await expectRefused(forgeLastDoubling(), "2R");
  });

  it("refuses scalars that are not those of the signature", async () => {
    await expectRefused(forgeUnrelatedScalars(), "a·r is not b·s");
    const s = Fn.div(r, 3n);
    await expectRefused(forge({ nonce, key, a: 1n, b: 2n, s }), "s is that of b = 3");
  });

  it("refuses a = b = c = 0, whose sum has no digit", async () => {
    await expectRefused(forge({ nonce, key, a: 0n, b: 0n, s: 1n }), "nothing to add");
  });

  async function fixture() {
    return ethers.deployContract("P384Verifier", [p384Table()]);
  }
});
