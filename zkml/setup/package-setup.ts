import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { ZkmlError } from "../errors.ts";
import { readManifest, readR1cs, writeKeys } from "../model/package.ts";
import { developmentTau } from "./development-tau.ts";
import { makeKeys, type KeyMaterial } from "./keys.ts";

/** A step of the set-up, for progress displays. */
export type SetupStep = "powers of tau" | "keys";

export interface DevelopmentSetupOptions {
  /** Folder that keeps Powers of Tau files for the next model. */
  readonly cacheFolder: string;
  readonly onStep?: (step: SetupStep) => void;
}

/** Largest domain that a development set-up is made for: minutes, and some gigabytes of memory. */
const MAX_DEVELOPMENT_POWER = 20;

/**
 * Gives a package keys from a Powers of Tau file, with one contribution.
 *
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED` or `SETUP_FAILED`.
 */
export async function setUp(
  folder: string,
  { tau, contributor }: Pick<KeyMaterial, "tau" | "contributor">,
): Promise<void> {
  const r1cs = await readR1cs(folder);
  await writeKeys(folder, await makeKeys({ r1cs, tau, contributor }));
}

/**
 * Gives a package keys for development: own Powers of Tau, one contribution. Not for production: this machine could have
 * kept the secrets.
 *
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED`, `CIRCUIT_TOO_LARGE` or `SETUP_FAILED`.
 */
export async function setUpForDevelopment(
  folder: string,
  options: DevelopmentSetupOptions,
): Promise<void> {
  const { domainPower } = await readManifest(folder);
  if (domainPower > MAX_DEVELOPMENT_POWER) {
    throw new ZkmlError(
      "CIRCUIT_TOO_LARGE",
      `The circuit needs a domain of 2^${domainPower}; development set-ups go up to 2^${MAX_DEVELOPMENT_POWER}.`,
      "Use a smaller model.",
    );
  }
  options.onStep?.("powers of tau");
  const tau = await cachedTau(domainPower, options.cacheFolder);
  options.onStep?.("keys");
  await setUp(folder, { tau, contributor: "development" });
}

/** The development Powers of Tau file of a power, made at first use. */
export async function cachedTau(power: number, cacheFolder: string): Promise<Uint8Array> {
  const file = path.join(cacheFolder, `development-${power}.ptau`);
  try {
    return new Uint8Array(await readFile(file));
  } catch {
    const tau = await developmentTau(power);
    await mkdir(cacheFolder, { recursive: true });
    // A name of its own, so that processes that start together do not write into each other's file.
    const unfinished = `${file}.${randomUUID()}`;
    await writeFile(unfinished, tau);
    await rename(unfinished, file);
    return tau;
  }
}
