/**
 * Measures what proofs cost: models, and circuits of growing size.
 *
 * Run: npm run bench:zk -- [--max-power 20] [--only <part of a name>]
 */
import { execFile } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { measure, type Measurement } from "./measure.ts";
import { subjects } from "./subjects.ts";
import { tableHead, tableRow } from "./table.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache/powers-of-tau");

/** Minutes of set-up from here on. */
const DEFAULT_MAX_POWER = "16";

const { values } = parseArgs({
  options: {
    "max-power": { type: "string", default: DEFAULT_MAX_POWER },
    only: { type: "string", default: "" },
    // What this script calls itself with: one subject, answered as JSON.
    subject: { type: "string" },
  },
});

const all = subjects(Number(values["max-power"]));
if (values.subject === undefined) await measureAll(values.only);
else await measureOne(values.subject);

async function measureAll(only: string): Promise<void> {
  print(tableHead());
  for (const name of all.keys()) {
    if (name.includes(only)) print(tableRow(name, await measureApart(name)));
  }
}

/** In a process of its own, whose memory is the subject's alone. */
async function measureApart(name: string): Promise<Measurement> {
  const script = fileURLToPath(import.meta.url);
  const options = ["--max-power", values["max-power"], "--subject", name];
  const child = [...process.execArgv, script, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, child);
  return JSON.parse(stdout) as Measurement;
}

async function measureOne(name: string): Promise<void> {
  const compile = all.get(name);
  if (compile === undefined) throw new Error(`there is no subject "${name}"`);
  print(JSON.stringify(await measure(compile, CACHE)));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
