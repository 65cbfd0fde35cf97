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
import { promisify } from "node:util";
import { Command, Option } from "commander";
import { integerBetween } from "../../cli/arguments.ts";
import { ZkmlError } from "../../zkml/errors.ts";
import { asCommand } from "../as-command.ts";
import { requireBuiltContracts } from "../built-contracts.ts";
import { measure, type Measurement } from "./measure.ts";
import { PUBLISHED } from "./published.ts";
import { subjects } from "./subjects.ts";
import { publishedTable, tableHead, tableRow } from "./table.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache/powers-of-tau");

/** A minute of set-up and more from here on. */
const DEFAULT_MAX_POWER = 16;

/** What development set-ups go up to. */
const MAX_POWER = 20;

interface Options {
  readonly maxPower: number;
  readonly only: string;
  readonly json?: string;
  /** What this script calls itself with: one subject, answered as JSON. */
  readonly subject?: string;
}

const command = new Command("bench:zk")
  .description("Measure constraints, keys, set-up, proofs and gas, per model and by size")
  .option(
    "--max-power <n>",
    "largest domain that is set up and proved",
    integerBetween(1, MAX_POWER),
    DEFAULT_MAX_POWER,
  )
  .option("--only <part>", "subjects whose name has this part", "")
  .option("--json <file>", "write the measurements as JSON")
  .addOption(new Option("--subject <name>").hideHelp())
  .action((options: Options) =>
    options.subject === undefined ? measureAll(options) : measureOne(options.subject, options),
  );

await asCommand(async () => {
  await command.parseAsync();
});

async function measureAll({ only, json, maxPower }: Options): Promise<void> {
  const names = [...subjects(maxPower).keys()].filter((each) => each.includes(only));
  if (names.length === 0)
    throw new ZkmlError(
      "INPUT_INVALID",
      `No subject has "${only}" in its name.`,
      `These there are: ${[...subjects(maxPower).keys()].join(", ")}.`,
    );
  await requireBuiltContracts();
  const found: Record<string, Measurement> = {};
  print(tableHead());
  for (const name of names) {
    found[name] = await measureApart(name, maxPower);
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
async function measureApart(name: string, maxPower: number): Promise<Measurement> {
  const script = fileURLToPath(import.meta.url);
  const options = ["--max-power", String(maxPower), "--subject", name];
  const child = [...process.execArgv, script, ...options];
  const { stdout } = await promisify(execFile)(process.execPath, child);
  return JSON.parse(stdout) as Measurement;
}

async function measureOne(name: string, { maxPower }: Options): Promise<void> {
  const compile = subjects(maxPower).get(name);
  if (compile === undefined) throw new Error(`there is no subject "${name}"`);
  print(JSON.stringify(await measure(compile, { maxPower, cacheFolder: CACHE })));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
