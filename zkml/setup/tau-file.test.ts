import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { at } from "../arrays.ts";
import { failureOf } from "../testing/failure.ts";
import { developmentTau } from "./development-tau.ts";
import { PUBLISHED_TAU, publishedTauUrl } from "./published-tau.ts";
import { inMemory, readSections, viewOf } from "./sections.ts";
import { identifyTau } from "./tau-file.ts";

const POWER = 4;
const CONTRIBUTIONS = 7;
const LAGRANGE = 12;

describe("Powers of Tau files", () => {
  let folder: string;
  let development: Uint8Array;
  /** As a ceremony's file looks from outside: somebody contributed. */
  let contributed: Uint8Array;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "zkml-tau-"));
    development = await developmentTau(POWER);
    contributed = development.slice();
    const sections = await readSections(inMemory(contributed), "ptau");
    viewOf(contributed).setUint32(sections?.get(CONTRIBUTIONS)?.offset ?? 0, 55, true);
  });

  after(() => rm(folder, { recursive: true }));

  const written = async (content: Uint8Array) => {
    const file = path.join(folder, "tau.ptau");
    await writeFile(file, content);
    return file;
  };
  const hashOf = (content: Uint8Array) => createHash("blake2b512").update(content).digest("hex");
  const published = () => new Map([[POWER, hashOf(contributed)]]);

  it("are public by their hash", async () => {
    const file = await written(contributed);
    const options = { neededPower: POWER, published: published() };
    expect(await identifyTau(file, options)).to.deep.equal({
      file,
      origin: "public",
      power: POWER,
      blake2b: hashOf(contributed),
    });
  });

  it("are for development if nobody contributed", async () => {
    const file = await written(development);
    const { origin, blake2b } = await identifyTau(file, { neededPower: POWER });
    expect({ origin, blake2b }).to.deep.equal({
      origin: "development",
      blake2b: hashOf(development),
    });
  });

  it("are refused with one wrong bit, naming the file and both hashes", async () => {
    const changed = contributed.slice();
    changed[5000] = at(changed, 5000) ^ 1;
    const file = await written(changed);
    const { code, message } = await failureOf(() =>
      identifyTau(file, { neededPower: POWER, published: published() }),
    );
    expect(code).to.equal("TAU_UNKNOWN");
    expect(message).to.include(file).and.include(hashOf(changed)).and.include(hashOf(contributed));
  });

  it("are refused of a ceremony that is not the public one", async () => {
    const file = await written(contributed);
    const { code } = await failureOf(() => identifyTau(file, { neededPower: POWER }));
    expect(code).to.equal("TAU_UNKNOWN");
  });

  it("are refused if too small, naming both powers and a file that will do", async () => {
    const file = await written(development);
    const { code, message, hint } = await failureOf(() => identifyTau(file, { neededPower: 9 }));
    expect(code).to.equal("TAU_TOO_SMALL");
    expect(message).to.include("2^4").and.include("2^9");
    expect(hint).to.include("powersOfTau28_hez_final_09.ptau");
  });

  it("are refused if cut off, lengthened, of another type or not prepared", async () => {
    const sections = await readSections(inMemory(development), "ptau");
    const prepared = sections?.get(LAGRANGE)?.offset ?? 0;
    const unprepared = development.slice();
    viewOf(unprepared).setUint32(prepared - 12, 99, true);
    for (const [content, message] of [
      [development.slice(0, -1), /cut off/],
      [development.slice(0, 30), /cut off/],
      [Uint8Array.of(...development.slice(0, 2000)), /cut off/],
      [new Uint8Array([...development, 0]), /not a Powers of Tau file/],
      [new TextEncoder().encode("a text of some length"), /not a Powers of Tau file/],
      [new Uint8Array(), /not a Powers of Tau file/],
      [unprepared, /not prepared/],
    ] as const) {
      const file = await written(content);
      const failure = await failureOf(() => identifyTau(file, { neededPower: POWER }));
      expect(failure.code).to.equal("SETUP_FAILED");
      expect(failure.message).to.match(message);
    }
  });

  it("are missed by name", async () => {
    const file = path.join(folder, "none.ptau");
    const { code, message } = await failureOf(() => identifyTau(file, { neededPower: POWER }));
    expect(code).to.equal("FILE_MISSING");
    expect(message).to.include("none.ptau");
  });
});

describe("the published hashes", () => {
  it("are one of 512 bits for each power from 8 to 28", () => {
    expect([...PUBLISHED_TAU.keys()]).to.deep.equal(Array.from({ length: 21 }, (_, i) => 8 + i));
    expect(new Set(PUBLISHED_TAU.values())).to.have.property("size", 21);
    for (const hash of PUBLISHED_TAU.values()) expect(hash).to.match(/^[0-9a-f]{128}$/);
  });

  it("belong to files with these names", () => {
    expect(publishedTauUrl(9)).to.match(/\/powersOfTau28_hez_final_09\.ptau$/);
    expect(publishedTauUrl(28)).to.match(/\/powersOfTau28_hez_final\.ptau$/);
  });
});
