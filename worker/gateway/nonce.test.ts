import { expect } from "chai";
import { NONCE_HEADER, nonceOf, seedOf } from "./nonce.ts";

const NAMED = `0x${"Ab".repeat(32)}`;
const PAID = `0x${"cd".repeat(32)}`;

const shown = (named?: string) => new Headers(named === undefined ? {} : { [NONCE_HEADER]: named });

describe("a request's nonce", () => {
  it("is the client's, else the payment's, else its own", () => {
    const payments = { nonceOf: () => PAID };
    expect(nonceOf(shown(NAMED), payments)).to.equal(NAMED.toLowerCase());
    expect(nonceOf(shown(), payments)).to.equal(PAID);
    const own = nonceOf(shown(), { nonceOf: () => undefined });
    expect(own).to.match(/^0x[0-9a-f]{64}$/);
    expect(nonceOf(shown(), {})).to.not.equal(own);
  });

  for (const wrong of ["", "0x", "1", NAMED.slice(2), `${NAMED}0`, `0x${"gg".repeat(32)}`])
    it(`is not "${wrong}"`, () => {
      expect(() => nonceOf(shown(wrong), {})).to.throw("32 bytes");
    });

  it("decides on the seed, which fits every runtime and differs also for nonces that count up", () => {
    const seeds = Array.from({ length: 1_000 }, (_, i) =>
      seedOf(`0x${i.toString(16).padStart(64, "0")}`),
    );
    expect(new Set(seeds).size).to.equal(1_000);
    for (const seed of seeds) expect(seed).to.be.within(0, 2 ** 31 - 1);
    expect(seedOf(PAID)).to.equal(seedOf(PAID));
  });
});
