import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { ZkmlError } from "../errors.ts";
import type { DevelopmentTau } from "./development-keys.ts";
import { developmentTau } from "./development-tau.ts";
import { deriveSecrets, SEED_BYTES } from "./tau-secrets.ts";
import { writing } from "../writing.ts";
import { writeOnce } from "./write-once.ts";

/** Only the owner reads it: who has it can forge proofs for all keys made with this cache. */
const SEED_MODE = 0o600;

/**
 * A development Powers of Tau file of a power, with the secrets behind it. Both are made at first use.
 *
 * @throws ZkmlError `FILE_UNWRITABLE`, or `FILE_CORRUPTED` for a seed of another length.
 */
export async function cachedTau(power: number, cacheFolder: string): Promise<DevelopmentTau> {
  await writing(cacheFolder, () => mkdir(cacheFolder, { recursive: true }));
  const seed = await cachedSeed(cacheFolder);
  const secrets = deriveSecrets(seed);
  // Named after the seed: a file can only be taken for one with other secrets by who renames it.
  const id = createHash("sha256").update(seed).digest("hex").slice(0, 16);
  const file = path.join(cacheFolder, `development-${id}-${power}.ptau`);
  if (!(await exists(file))) await writeWhole(file, await developmentTau(power, secrets));
  return { file, secrets };
}

/** @throws ZkmlError `FILE_UNWRITABLE`, or `FILE_CORRUPTED` for a seed of another length. */
async function cachedSeed(cacheFolder: string): Promise<Uint8Array> {
  const file = path.join(cacheFolder, "development.seed");
  if (!(await exists(file))) await writeOnce(file, randomBytes(SEED_BYTES), { mode: SEED_MODE });
  const seed = new Uint8Array(await readFile(file));
  if (seed.length === SEED_BYTES) return seed;
  throw new ZkmlError(
    "FILE_CORRUPTED",
    `"${file}" holds ${seed.length} bytes and not ${SEED_BYTES}.`,
    "If no other process is writing it, remove it: a new one is drawn.",
  );
}

/** Under a name of its own first, so that processes that start together do not write into each other's file. */
async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await writing(file, async () => {
    await writeFile(unfinished, content);
    await rename(unfinished, file);
  });
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
