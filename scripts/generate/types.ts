import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

const FOLDER = "typechain-types";

/** Writes `typechain-types/` from the contracts. */
export function generateTypes(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  const env = { ...process.env, GENERATE_TYPES: "1" };
  execFileSync("hardhat", ["build", "--force", "--quiet", "--no-tests"], { env, stdio: "pipe" });
  for (const file of ["index.ts", "hardhat.d.ts"]) sortEntries(path.join(FOLDER, file));
}

/** An entry of a generated list starts a line; it may go on over several. */
const ENTRY = /^(?=\s*(?:export |getContractFactory\(|getContractAt\(|deployContract\())/m;

/** Generic signatures stand at the end and must stay there. */
const DEFAULTS = "// default types";

/** The generator lists contracts in the order in which the compiler happened to finish them. */
function sortEntries(file: string): void {
  const [lists = "", ...defaults] = readFileSync(file, "utf8").split(DEFAULTS);
  const [head = "", ...entries] = lists.split(ENTRY);
  const sorted = entries.map((entry) => entry.trim()).sort();
  const text = [head.trimEnd(), ...sorted, defaults.map((rest) => DEFAULTS + rest).join("")];
  writeFileSync(file, `${text.join("\n")}\n`);
}

/** Names of the files that are not as the contracts would make them; the folder is left as it was. */
export function staleTypes(): string[] {
  const committed = mkdtempSync(path.join(tmpdir(), "types-"));
  cpSync(FOLDER, committed, { recursive: true });
  generateTypes();
  const stale = differences(committed, FOLDER);
  rmSync(FOLDER, { recursive: true });
  cpSync(committed, FOLDER, { recursive: true });
  rmSync(committed, { recursive: true });
  return stale.map((file) => path.join(FOLDER, file));
}

function differences(left: string, right: string): string[] {
  const files = new Set([...filesOf(left), ...filesOf(right)]);
  return [...files]
    .filter((file) => read(path.join(left, file)) !== read(path.join(right, file)))
    .sort();
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
