import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** The repository, from where paths of sources are told. */
const ROOT = path.resolve(import.meta.dirname, "../../..");

/** Imports of the project's own files; everything else is pinned by the lock file. */
const OWN_IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"(\.{1,2}\/[^"]+\.ts)"/g;

/** What the simulated machine boots: there is nothing to tell apart. */
const BOOT_LABEL = "opengradient.simulated-nsm.v1";

/**
 * Registers 0 to 2 of a simulated machine, 48 bytes each, in the place of what AWS measures:
 *
 * 0. the program: every file that it imports, directly or not, and the lock file of its dependencies;
 * 1. a label of the simulator;
 * 2. what it was started with: configuration and models.
 *
 * @param program File that is run.
 */
export async function measure(program: string, started: string): Promise<Uint8Array[]> {
  const files = [...(await sourcesOf(program)), path.join(ROOT, "package-lock.json")];
  const hash = createHash("sha384");
  for (const file of files) {
    const content = createHash("sha384")
      .update(await readFile(file))
      .digest("hex");
    hash.update(`${path.relative(ROOT, file).replaceAll(path.sep, "/")} ${content}\n`);
  }
  return [hash.digest(), sha384(BOOT_LABEL), sha384(started)].map((pcr) => new Uint8Array(pcr));
}

/** A program's own files, sorted. */
export async function sourcesOf(program: string): Promise<string[]> {
  const found = new Set([path.resolve(program)]);
  for (const file of found) {
    for (const [, target = ""] of (await readFile(file, "utf8")).matchAll(OWN_IMPORT)) {
      found.add(path.resolve(path.dirname(file), target));
    }
  }
  return [...found].sort();
}

function sha384(text: string): Uint8Array {
  return createHash("sha384").update(text).digest();
}
