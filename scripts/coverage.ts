/**
 * Measures which lines of contracts/ all tests together run, and fails below the limit. Writes coverage/lcov.info and
 * coverage/html.
 *
 * Run: npm run coverage
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

/** Share of the lines of contracts/ that must be run, in percent. */
const MINIMUM = 98;

const { status } = spawnSync("hardhat", ["--coverage", "test"], { stdio: "inherit" });

/** `LF` counts a file's lines that hold code, `LH` those of them that were run. */
function total(key: "LF" | "LH"): number {
  const report = readFileSync("coverage/lcov.info", "utf8");
  return [...report.matchAll(new RegExp(`^${key}:(\\d+)$`, "gm"))].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

const percent = (100 * total("LH")) / total("LF");
process.stdout.write(`\n${percent.toFixed(2)} % of the lines of contracts/ are run by tests\n`);
process.exitCode = status === 0 && percent >= MINIMUM ? 0 : 1;
