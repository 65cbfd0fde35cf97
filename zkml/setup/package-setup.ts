import { ZkmlError } from "../errors.ts";
import { isSetUp, readManifest, readR1cs, writeKeys } from "../model/package.ts";
import { cachedTau } from "./development-cache.ts";
import { makeDevelopmentKeys } from "./development-keys.ts";
import { makeKeys } from "./keys.ts";
import { requireContributorName } from "./package-ceremony.ts";
import { identifyTau, type IdentifyOptions, type PowersOfTau } from "./tau-file.ts";

/** A step of the set-up, for progress displays. */
export type SetupStep = "powers of tau" | "keys";

export interface SetupOptions {
  /** Prepared `.ptau` file. */
  readonly tau: string;
  /** Name that the first contribution carries. */
  readonly contributor: string;
  /** Whether keys that the package has may be replaced, and with them everybody's contributions. */
  readonly overwrite?: boolean;
}

export interface DevelopmentSetupOptions extends Pick<SetupOptions, "overwrite"> {
  /** Folder that keeps Powers of Tau files, and the secrets behind them, for the next model. */
  readonly cacheFolder: string;
  /** Hashes of the public ceremony's files; only tests give others. */
  readonly published?: IdentifyOptions["published"];
  readonly onStep?: (step: SetupStep) => void;
}

/** Largest domain that a development set-up is made for: minutes, and some gigabytes of memory. */
const MAX_DEVELOPMENT_POWER = 20;

/**
 * Gives a package keys from a Powers of Tau file, with one contribution. A file that is not the public ceremony's makes
 * development keys.
 *
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED`, `FILE_EXISTS`, `TAU_TOO_SMALL`, `TAU_UNKNOWN`, `CONTRIBUTION_INVALID`,
 * `SETUP_FAILED` or `FILE_UNWRITABLE`. The package is then as it was.
 */
export async function setUp(
  folder: string,
  { tau, contributor, overwrite = false }: SetupOptions,
): Promise<void> {
  const r1cs = await readR1cs(folder);
  const { domainPower: neededPower, ceremony: replaced } = await readManifest(folder);
  await requireReplaceable(folder, overwrite);
  requireContributorName(contributor);
  const powersOfTau = await identifyTau(tau, { neededPower });
  await writeKeys(folder, await makeKeys({ r1cs, tau, contributor }), powersOfTau, replaced);
}

/**
 * Gives a package keys for development: own Powers of Tau, one contribution. Not for production: this machine keeps the
 * secrets in its cache, and makes the keys from them.
 *
 * @throws ZkmlError `CIRCUIT_TOO_LARGE`, and those of `setUp`.
 */
export async function setUpForDevelopment(
  folder: string,
  { cacheFolder, published, onStep, overwrite = false }: DevelopmentSetupOptions,
): Promise<void> {
  const { domainPower, ceremony: replaced } = await readManifest(folder);
  if (domainPower > MAX_DEVELOPMENT_POWER) {
    throw new ZkmlError(
      "CIRCUIT_TOO_LARGE",
      `The circuit needs a domain of 2^${domainPower}; development set-ups go up to 2^${MAX_DEVELOPMENT_POWER}.`,
      "Use a smaller model.",
    );
  }
  const r1cs = await readR1cs(folder);
  await requireReplaceable(folder, overwrite);
  onStep?.("powers of tau");
  const tau = await cachedTau(domainPower, cacheFolder);
  onStep?.("keys");
  const powersOfTau = await identifyTau(tau.file, { neededPower: domainPower, published });
  requireDevelopment(tau.file, powersOfTau);
  const keys = await makeDevelopmentKeys({ r1cs, tau, contributor: "development" });
  await writeKeys(folder, keys, powersOfTau, replaced);
}

/** These keys are made from known secrets: nothing may ever say that they come from the public ceremony. */
function requireDevelopment(file: string, { origin }: PowersOfTau): void {
  if (origin === "development") return;
  throw new ZkmlError(
    "SETUP_FAILED",
    `"${file}" is a file of the public ceremony; development keys are not made from one.`,
    "Take it out of the cache, and give it with --powers-of-tau.",
  );
}

async function requireReplaceable(folder: string, overwrite: boolean): Promise<void> {
  if (overwrite || !(await isSetUp(folder))) return;
  throw new ZkmlError(
    "FILE_EXISTS",
    `"${folder}" has keys already; new ones would undo every contribution to them.`,
    "Contribute to them (opg model contribute), or overwrite them (--overwrite).",
  );
}
