/**
 * Measures what proofs cost: models, the same with weights as private wires, and circuits of growing size.
 *
 * Run: npm run bench:zk -- [--max-power 20] [--only <part of a name>] [--json <file>]
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { measure, type Measurement } from "./measure.ts";
import { PUBLISHED } from "./published.ts";
import { subjects } from "./subjects.ts";
import { publishedTable, tableHead, tableRow } from "./table.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache/powers-of-tau");

/** A minute of set-up and more from here on. */
const DEFAULT_MAX_POWER = "16";

/** What development set-ups go up to. */
const MAX_POWER = 20;

const { values } = parseArgs({
  options: {
    "max-power": { type: "string", default: DEFAULT_MAX_POWER },
    only: { type: "string", default: "" },
    json: { type: "string" },
    // What this script calls itself with: one subject, answered as JSON.
    subject: { type: "string" },
  },
});

const maxPower = Number(values["max-power"]);
if (!Number.isInteger(maxPower) || maxPower < 1 || maxPower > MAX_POWER)
  throw new RangeError(`--max-power is a whole number from 1 to ${MAX_POWER}`);
const all = subjects(maxPower);
if (values.subject === undefined) await measureAll(values.only, values.json);
else await measureOne(values.subject);

async function measureAll(only: string, json: string | undefined): Promise<void> {
  const found: Record<string, Measurement> = {};
  print(tableHead());
  for (const name of [...all.keys()].filter((each) => each.includes(only))) {
    found[name] = await measureApart(name);
    print(tableRow(name, found[name]));
    // After each, so that an interrupted run leaves what it has.
    if (json !== undefined)
      await writeFile(json, `${JSON.stringify(report(found), undefined, 2)}\n`);
  }
  print(`\n${publishedTable()}`);
}

function report(measured: Readonly<Record<string, Measurement>>) {
  const processors = cpus().map(({ model }) => model);
  return { node: process.version, processors, measured, published: PUBLISHED };
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
  print(JSON.stringify(await measure(compile, { maxPower, cacheFolder: CACHE })));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
