import { expect } from "chai";
import { at, listOf } from "../../arrays.ts";
import { Bench } from "../../testing/bench.ts";
import { expectEveryRowNeeded, expectUnforgeable, type Subject } from "../../testing/necessity.ts";
import type { Constraint } from "../constraint-system.ts";
import { toField } from "../field.ts";
import { toInteger } from "../packed-words.ts";
import { SALT_BYTES, sealInput } from "../sealed-input.ts";
import { sealBytes } from "./sealed-input.ts";

const INPUT = Uint8Array.of(200, 0, 7, 255, 31);

/** For each last byte of a commitment a forger has other bits to bend: these have all of them set, or none, in one or the other. */
const SALTS = listOf(6, (i) => new Uint8Array(SALT_BYTES).fill(i + 1));

/** The commitment to given bytes under a given salt; the forger wants another one, or a last byte that is none. */
function subjectOf(salt: Uint8Array): Subject {
  const bench = new Bench();
  const bytes = Array.from(INPUT, (byte) => bench.fixed(byte));
  const seal = { salt: toInteger(salt), commitment: toInteger(sealInput(INPUT, salt).commitment) };
  const saltWire = bench.cs.wireCount;
  const { word, lastByte } = sealBytes(bench.cs, bytes, () => seal);
  const subject = bench.subjectOf((witness) => {
    const last = toField(witness.evaluate(lastByte));
    return (
      last > 255n || toField(256n * toField(witness.evaluate(word)) + last) !== seal.commitment
    );
  });
  return { ...subject, given: [...subject.given, saltWire] };
}

/** Those of the hash are tested with that gadget; the copy of the constant is every system's. */
function isSeal({ kind }: Constraint): boolean {
  return kind === "boolean" || kind === "decomposition";
}

describe("sealed input", () => {
  it("leaves no other commitment", () => {
    // To each of the 256 last bytes there is a word, so there are many witnesses, of which none is a forgery.
    expectUnforgeable([subjectOf(at(SALTS, 0))]);
  });

  it("needs every row: without any one of them another commitment passes", () => {
    const subjects = SALTS.map((salt) => subjectOf(salt));
    expect(at(subjects, 0).rows.filter(isSeal)).to.have.length(9);
    expectEveryRowNeeded(subjects, isSeal);
  });
});
