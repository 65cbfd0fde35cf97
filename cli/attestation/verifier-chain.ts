import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { dataLength } from "ethers";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { z } from "zod";
import config from "../../hardhat.config.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { p384Table } from "../../sdk/p384-table.ts";
import type { NitroVerifier } from "../../typechain-types/index.js";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** A chain in this process with the verifier of attestation documents, and nothing else. */
export interface VerifierChain {
  readonly verifier: NitroVerifier;
  readonly close: () => Promise<void>;
}

/**
 * Deploys the contracts that ship on a chain of their own, whose clock stands at a time.
 *
 * @param rootHash keccak256 of the root certificate to trust, DER.
 * @throws OpenGradientError `CONTRACTS_NOT_BUILT` if they do not compile.
 */
export async function startVerifierChain(rootHash: string, time: Date): Promise<VerifierChain> {
  const hre = await hardhat();
  await requireShippedBuild(hre);
  // Deploying takes a few blocks; the check itself is made at `time`.
  const initialDate = new Date(time.getTime() - 60_000);
  const connection = await hre.network.create({ network: "default", override: { initialDate } });
  const { ethers, networkHelpers } = connection;
  const manager = await ethers.deployContract("AccessManager", [(await ethers.getSigners())[0]]);
  const p384Verifier = await ethers.deployContract("P384Verifier", [p384Table()]);
  const sha384Hasher = await ethers.deployContract("Sha384Hasher");
  const parts = [manager, p384Verifier, sha384Hasher, rootHash] as const;
  const verifier = await ethers.deployContract("NitroVerifier", [...parts]);
  await networkHelpers.time.increaseTo(Math.floor(time.getTime() / 1000));
  return { verifier, close: () => connection.close() };
}

/** Wherever the command is run. */
function hardhat(): Promise<HardhatRuntimeEnvironment> {
  return createHardhatRuntimeEnvironment(config, {}, ROOT);
}

/** The fast build takes more gas: it is told from what ships by its sizes. */
async function requireShippedBuild(hre: HardhatRuntimeEnvironment): Promise<void> {
  if (await isShippedBuild(hre)) return;
  const script = path.join(ROOT, "scripts/build.ts");
  const build = [...process.execArgv, script, "--build-profile", "production"];
  const { status } = spawnSync(process.execPath, build, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status === 0) return;
  throw new OpenGradientError(
    "CONTRACTS_NOT_BUILT",
    "The contracts that verify documents are not built, and do not compile.",
    "Run `npm run build` and mend what it names.",
  );
}

async function isShippedBuild({ artifacts }: HardhatRuntimeEnvironment): Promise<boolean> {
  const snapshot = await readFile(path.join(ROOT, "snapshots/bytecode-size.json"), "utf8");
  const { NitroVerifier: shipped } = z
    .object({ NitroVerifier: z.int() })
    .parse(JSON.parse(snapshot));
  if (!(await artifacts.artifactExists("NitroVerifier"))) return false;
  const { deployedBytecode } = await artifacts.readArtifact("NitroVerifier");
  return dataLength(deployedBytecode) === shipped;
}
