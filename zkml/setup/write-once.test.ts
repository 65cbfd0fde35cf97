import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { listOf } from "../arrays.ts";
import { failureOf } from "../testing/failure.ts";
import { writeOnce, type OnceOptions } from "./write-once.ts";

const FIRST = Uint8Array.of(1, 2, 3);
const SECOND = Uint8Array.of(4, 5);

/** What a file system answers that refuses hard links with this code. */
function refusing(code: string): OnceOptions {
  const makeLink = () => Promise.reject(Object.assign(new Error(`${code}: link`), { code }));
  return { mode: 0o600, makeLink };
}

describe("a file that is written once", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "zkml-once-"));
    file = path.join(folder, "file");
  });

  afterEach(() => rm(folder, { recursive: true }));

  const systems: Readonly<Record<string, OnceOptions>> = {
    "with hard links": { mode: 0o600 },
    "that forbids hard links": refusing("EPERM"),
    "that knows no hard links": refusing("ENOTSUP"),
    "that lacks the system call": refusing("ENOSYS"),
  };
  for (const [name, options] of Object.entries(systems)) {
    it(`keeps what was there first, on a file system ${name}`, async () => {
      await writeOnce(file, FIRST, options);
      await writeOnce(file, SECOND, options);
      expect(await readdir(folder)).to.deep.equal(["file"]);
      expect(new Uint8Array(await readFile(file))).to.deep.equal(FIRST);
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
    });

    it(`is one writer's, of many at once, on a file system ${name}`, async () => {
      const contents = listOf(8, (k) => Uint8Array.of(k, k, k));
      await Promise.all(contents.map((content) => writeOnce(file, content, options)));
      expect(contents).to.deep.include(new Uint8Array(await readFile(file)));
      expect(await readdir(folder)).to.deep.equal(["file"]);
    });
  }

  it("says why it cannot be written, and leaves nothing behind", async () => {
    const failure = await failureOf(() => writeOnce(file, FIRST, refusing("EIO")));
    expect(failure.code).to.equal("FILE_UNWRITABLE");
    expect(failure.message).to.equal(`"${file}" cannot be written: EIO: link.`);
    expect(await readdir(folder)).to.deep.equal([]);
    const nowhere = path.join(folder, "no", "file");
    const missing = await failureOf(() => writeOnce(nowhere, FIRST, { mode: 0o600 }));
    expect(missing.code).to.equal("FILE_UNWRITABLE");
  });
});
