import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import hre from "hardhat";
import { ZkmlError } from "../zkml/errors.ts";

/** What scripts that bring proofs to a chain of their own deploy there. */
const NEEDED = ["Groth16Verifier", "ProvenVerifier"];

/**
 * Builds the contracts for production unless there is a build of them.
 *
 * @throws ZkmlError `FILE_MISSING` if they do not compile.
 */
export async function requireBuiltContracts(): Promise<void> {
  const found = await Promise.all(NEEDED.map((name) => hre.artifacts.artifactExists(name)));
  if (found.every(Boolean)) return;
  const script = path.join(import.meta.dirname, "build.ts");
  const build = [...process.execArgv, script, "--build-profile", "production"];
  const { status } = spawnSync(process.execPath, build, { stdio: ["ignore", "ignore", "inherit"] });
  if (status === 0) return;
  throw new ZkmlError(
    "FILE_MISSING",
    "The contracts that verify proofs are not built, and do not compile.",
    "Run `npm run build` and mend what it names.",
  );
}
