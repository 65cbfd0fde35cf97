import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { failureOf } from "../testing/failure.ts";
import { finishReplacement, replaceFiles } from "./replace-files.ts";

const SIZE = 200_000;

/** A program that replaces three files again and again, each time all with the same byte, until it is killed. */
const REPLACER = `
  import { replaceFiles } from ${JSON.stringify(path.resolve(import.meta.dirname, "replace-files.ts"))};
  process.stdout.write("started");
  for (let round = 0; ; round++) {
    const content = new Uint8Array(${SIZE}).fill(round);
    await replaceFiles(process.argv[1], { first: content, second: content, third: content });
  }`;

describe("files that are replaced as one", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "zkml-replace-"));
    await writeFile(path.join(folder, "a"), "old a");
    await writeFile(path.join(folder, "b"), "old b");
  });

  afterEach(() => rm(folder, { recursive: true }));

  const contents = async () => {
    const names = (await readdir(folder)).sort();
    const texts = names.map(async (name) => [
      name,
      await readFile(path.join(folder, name), "utf8"),
    ]);
    return Object.fromEntries(await Promise.all(texts)) as Record<string, string>;
  };
  const bytes = (text: string) => new TextEncoder().encode(text);

  it("are all new, and the others as they were", async () => {
    await replaceFiles(folder, { b: bytes("new b"), c: bytes("new c") });
    expect(await contents()).to.deep.equal({ a: "old a", b: "new b", c: "new c" });
  });

  it("are all old if one cannot be written", async () => {
    const { code } = await failureOf(() =>
      replaceFiles(folder, { a: bytes("new a"), "no/folder": bytes("") }),
    );
    expect(code).to.equal("FILE_UNWRITABLE");
    expect(await contents()).to.deep.equal({ a: "old a", b: "old b" });
  });

  it("are moved into place by the next reader, if that was left undone", async () => {
    await mkdir(path.join(folder, "replacement"));
    await writeFile(path.join(folder, "replacement", "a"), "new a");
    await finishReplacement(folder);
    expect(await contents()).to.deep.equal({ a: "new a", b: "old b" });
  });

  it("are of one moment whenever the process that replaces them is killed", async () => {
    const content = new Uint8Array(SIZE);
    await replaceFiles(folder, { first: content, second: content, third: content });
    const program = ["--import", "tsx", "--input-type", "module", "--eval", REPLACER, folder];
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, program);
      await once(child.stdout, "data");
      await sleep(17 + 7 * round);
      child.kill("SIGKILL");
      await once(child, "close");
      await finishReplacement(folder);
      const [first, second, third] = await Promise.all(
        ["first", "second", "third"].map((name) => readFile(path.join(folder, name))),
      );
      expect(first).to.have.length(SIZE);
      expect(first?.equals(second ?? Buffer.of())).to.equal(true);
      expect(first?.equals(third ?? Buffer.of())).to.equal(true);
    }
  });
});
